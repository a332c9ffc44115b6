import { atLeast, unlost } from '../report/floors.js'
import { flow, flowCase, NEEDS_OUTBOX, placed, rate, SMALL_CYCLE_EVENTS, stream, subscriber } from './build.js'
import type { FlowCase, Scenario } from './scenario.js'

const TOPIC = 'bench.one'
/** What a busy publisher's socket gathers; a system call for each event would be all that is measured, on both sides. */
const WRITE_EVENTS = 64
const CONNECTIONS = [10, 100, 1000, 10_000]
const BATCHES = [1, 64]
/** All publishers together, so that what is sent and what is expected fit memory; each has at least one write of its own. */
const EVENTS_TOGETHER = 256 * 1024

export const fanIn: Scenario = {
  name: 'fan-in',
  title: `publishers → 1, one event a frame and 64, each connection writing ${WRITE_EVENTS} events at a time (about 10 KB)`,
  group: 'scale',
  ours: ['sluice', 'sluice-streams'],
  peers: ['nats-websocket', 'redis', 'mosquitto'],
  need: { ...NEEDS_OUTBOX, connectionsMax: 10_100 },
  axis: { label: 'publisher connections', isLogarithmic: true },
  runsMax: 2,
  measureMs: 1000,
  cases: BATCHES.flatMap((batch) => CONNECTIONS.map((connections) => fanInCase(connections, batch))),
  floors: [atLeast('rate', 1.8e6, { variant: name(1000, 1) }), unlost()],
}

function fanInCase(connections: number, batch: number): FlowCase {
  const streams = Array.from({ length: connections }, (_, i) => i)
  const events = Math.min(SMALL_CYCLE_EVENTS, Math.floor(EVENTS_TOGETHER / connections))
  const spec = flow(
    streams.map(() => stream(TOPIC, batch)),
    [subscriber([TOPIC], streams)],
    {
      cycleEvents: Math.max(WRITE_EVENTS, events - (events % WRITE_EVENTS)),
      writeEvents: WRITE_EVENTS,
    },
  )
  return placed(flowCase(name(connections, batch), spec, rate, batch === 1), connections, line(batch))
}

function name(connections: number, batch: number): string {
  return `${connections.toLocaleString('en')} → 1, ${line(batch)}`
}

function line(batch: number): string {
  return batch === 1 ? 'one a frame' : `${batch} a frame`
}
