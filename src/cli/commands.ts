import type { Command } from './command.js'

/** Each command is loaded only when it is run: `pub` needs no daemon, `serve` no client. */
export const COMMANDS: readonly { name: string; summary: string; load(): Promise<Command> }[] = [
  { name: 'serve', summary: 'start the daemon', load: async () => (await import('./serve.js')).serve },
  {
    name: 'pub',
    summary: 'publish: one event, or a stream of lines',
    load: async () => (await import('./pub.js')).pub,
  },
  { name: 'sub', summary: 'subscribe and print events as they come', load: async () => (await import('./sub.js')).sub },
  { name: 'top', summary: 'what a daemon does, live', load: async () => (await import('./top.js')).top },
  {
    name: 'latency',
    summary: 'how long events took: percentiles, or an HdrHistogram log',
    load: async () => (await import('./latency.js')).latency,
  },
  {
    name: 'connections',
    summary: 'who is connected, how far behind, and who has gone and why',
    load: async () => (await import('./connections.js')).connections,
  },
  {
    name: 'topics',
    summary: 'the busiest topics, and who is subscribed to what',
    load: async () => (await import('./topics.js')).topics,
  },
  {
    name: 'trace',
    summary: 'publish an event and see each stage and receiver with its time',
    load: async () => (await import('./trace.js')).trace,
  },
  {
    name: 'token',
    summary: 'make a token, and its hash for the configuration',
    load: async () => (await import('./token.js')).token,
  },
  {
    name: 'hash',
    summary: 'hash a password for the configuration',
    load: async () => (await import('./hash.js')).hash,
  },
  {
    name: 'revoke',
    summary: 'accept a token no more, and end its connections',
    load: async () => (await import('./revoke.js')).revoke,
  },
  { name: 'kick', summary: 'end a connection', load: async () => (await import('./kick.js')).kick },
  {
    name: 'slo',
    summary: 'objectives: how they stand, and rules for Prometheus',
    load: async () => (await import('./slo.js')).slo,
  },
  {
    name: 'health',
    summary: 'whether a daemon should be given clients, by exit code',
    load: async () => (await import('./health.js')).health,
  },
  {
    name: 'reload',
    summary: 'have a daemon read its configuration again, and see what has changed',
    load: async () => (await import('./reload.js')).reload,
  },
  {
    name: 'drain',
    summary: 'send all clients away and end a daemon, in good order',
    load: async () => (await import('./drain.js')).drain,
  },
  { name: 'check', summary: 'check a configuration file', load: async () => (await import('./check.js')).check },
  { name: 'bench', summary: 'a quick load run against a daemon', load: async () => (await import('./bench.js')).bench },
]
