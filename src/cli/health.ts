import type { Verdict } from '../observe/health/verdict.js'
import { ADMIN_OPTIONS, Admin } from './admin.js'
import { printJson, printLine, widthOf } from './answers.js'
import { type Command, type Context, Exit, Failure, type Given } from './command.js'
import { peersText } from './connection-columns.js'
import type { Span } from './top/spans.js'
import { parseDurationMs } from './units.js'

/** Under the three seconds after which Docker's and Kubernetes' health checks are commonly given up, this process's start included. */
const PATIENCE_DEFAULT = '2s'

export const health: Command = {
  name: 'health',
  usage: ['health [--live] [--timeout TIME] [OPTION]…'],
  about: [
    'Asks the admin port whether the daemon should be given clients (/readyz), and answers by its exit code: 0 yes, 1 no, or',
    'nobody answers. For health checks of containers and scripts, where there is no curl.',
  ],
  options: {
    ...ADMIN_OPTIONS,
    live: { help: 'ask whether the process should be left alone instead (/livez): a drain is no, but it lives' },
    timeout: { value: 'TIME', help: `no answer within this is a no (default: ${PATIENCE_DEFAULT})` },
    json: { help: 'what the admin port answers' },
  },
  positionalsMax: 0,
  examples: [
    { line: 'sluice health', says: 'in a HEALTHCHECK, or a readiness probe that runs a command' },
    { line: 'sluice health --live --timeout 1s', says: 'in a liveness probe' },
  ],
  run,
}

async function run(given: Given, context: Context): Promise<number> {
  const { options } = given
  const patienceMs = parseDurationMs('--timeout', (options.get('timeout') as string | undefined) ?? PATIENCE_DEFAULT)
  const response = await new Admin(given, context).judge(options.has('live') ? '/livez' : '/readyz', patienceMs)
  const text = await response.text()
  const body = verdictOf(text)
  if (options.has('json')) printJson(text, context)
  else printLine([sentence(body, context)], context)
  return response.ok ? Exit.OK : Exit.FAILED
}

function sentence({ status, reason }: Verdict['body'], context: Context): Span {
  return peersText(reason === undefined ? status : `${status}: ${reason}`, widthOf(context))
}

function verdictOf(text: string): Verdict['body'] {
  try {
    const body = JSON.parse(text) as Partial<Verdict['body']> | null
    if (typeof body?.status === 'string') return body as Verdict['body']
  } catch {
    // Falls to the sentence below: somebody else listens there.
  }
  throw new Failure('what answered is not the admin port of a Sluice: no verdict in its answer')
}
