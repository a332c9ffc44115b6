import { version } from '../base/package.js'
import { formatProblem } from '../config/index.js'
import type { Daemon } from '../daemon/daemon.js'
import { type Command, type Context, Exit, Failure, type Given } from './command.js'
import { CONFIG_ABOUT, CONFIG_OPTION_HELP, configOf } from './config-file.js'

export const serve: Command = {
  name: 'serve',
  usage: ['serve [FILE] [--section.key VALUE]…'],
  about: [
    'Starts the daemon and says in one line on stdout where it listens. SIGTERM or SIGINT drains it: no new connections,',
    'clients are told to come back later, what waits is delivered, exit code 0. A second signal ends it at once.',
    'SIGHUP reads the configuration and the certificate again; no connection is lost, a configuration that is wrong changes',
    'nothing, and the log says what has changed and what needs a restart.',
    '',
    ...CONFIG_ABOUT,
  ],
  options: {
    config: { value: 'FILE', help: 'configuration file, the same as FILE; none: read no file' },
  },
  dottedOptions: CONFIG_OPTION_HELP,
  positionalsMax: 1,
  examples: [
    { line: 'sluice serve', says: 'with config/sluice.toml' },
    { line: 'sluice serve /etc/sluice.toml --listen.port 7500', says: 'own file, and another port' },
    { line: 'SLUICE_LISTEN_PORT=7500 sluice serve --config none', says: 'defaults and environment only' },
  ],
  run: start,
}

async function start(given: Given, context: Context): Promise<number> {
  const { loaded, read } = configOf(given, context)
  if (!loaded.ok) {
    for (const problem of loaded.problems) context.stderr.write(`${formatProblem(problem)}\n`)
    return Exit.USAGE
  }
  const { startDaemon } = await import('../daemon/daemon.js')
  let started: Daemon | null = null
  // From the first moment on: without a listener the signal ends the process.
  let isReloadWanted = false
  const reload = (): void => {
    isReloadWanted = started === null
    void started?.reload()
  }
  process.on('SIGHUP', reload)
  const daemon = await startDaemon(loaded.config, { digest: loaded.digest, read }).catch(failed)
  started = daemon
  if (isReloadWanted) reload()
  context.stdout.write(`${readyLine(daemon)}\n`)
  const drain = (): void => void daemon.stop(String(context.interrupted.reason))
  if (context.interrupted.aborted) drain()
  else context.interrupted.addEventListener('abort', drain, { once: true })
  await daemon.stopped
  process.off('SIGHUP', reload)
  return Exit.OK
}

/** A plain Error is the world's: a port in use, no engine for this Node. Any other class is a bug of ours, to be seen with its stack. */
function failed(error: Error): never {
  throw error.name === 'Error' ? new Failure(error.message) : error
}

function readyLine({ url, http2Url, httpsUrl, adminUrl, engine }: Daemon): string {
  const parts = [
    url,
    ...(http2Url === '' ? [] : [`http2 ${http2Url}`]),
    ...(httpsUrl === '' ? [] : [`https ${httpsUrl}`]),
    adminUrl === '' ? 'no admin port' : `admin ${adminUrl}`,
    `engine ${engine}`,
    `pid ${process.pid}`,
  ]
  return `sluice ${version()} ready: ${parts.join(' · ')}`
}
