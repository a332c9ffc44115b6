import type { DrainState } from '../observe/control/answers.js'
import { ADMIN_OPTIONS, Admin, NobodyThere } from './admin.js'
import { printJson, printLine } from './answers.js'
import { type Command, type Context, Exit, exitOfSignal, Failure, type Given, UsageError } from './command.js'
import { plural, seconds } from './numbers.js'
import { span } from './top/spans.js'
import { pause } from './waiting.js'

const LOOK_INTERVAL_MS = 200
/** What it takes beyond the time that it says: closing ports, and a machine that is busy. */
const OVERTIME_MS = 15_000

export const drain: Command = {
  name: 'drain',
  usage: ['drain [--wait] [--handover | --no-handover] [OPTION]…'],
  about: [
    'Sends all clients away and ends the daemon, as SIGTERM does: /readyz says no, no new connections are taken, clients are told to',
    'go, what waits is delivered, and the process exits with 0. Answers at once, or with --wait when the daemon has gone.',
  ],
  options: {
    ...ADMIN_OPTIONS,
    wait: { help: 'until the daemon has gone, with its progress on a terminal' },
    handover: {
      help: 'clients have another daemon to go to, whatever shutdown.handover says: each in turn, served until then',
    },
    'no-handover': { help: 'they have not: all are told at once when to come back' },
    json: { help: 'what the admin port answers' },
  },
  positionalsMax: 0,
  examples: [
    { line: 'sluice drain --wait', says: 'before an upgrade' },
    { line: 'sluice drain --handover --wait', says: 'one daemon of several, in a rolling restart' },
  ],
  run,
}

async function run(given: Given, context: Context): Promise<number> {
  const { options } = given
  if (options.has('handover') && options.has('no-handover')) {
    throw new UsageError('--handover and --no-handover exclude each other')
  }
  const handover = options.has('handover') ? true : options.has('no-handover') ? false : undefined
  const admin = new Admin(given, context)
  const text = await (await admin.post('/drain', { handover })).text()
  if (options.has('json')) printJson(text, context)
  else printLine([span(sentence(JSON.parse(text) as DrainState))], context)
  return options.has('wait') ? follow(admin, context, !options.has('json')) : Exit.OK
}

async function follow(admin: Admin, context: Context, isTold: boolean): Promise<number> {
  const { stderr, interrupted } = context
  const line = (text: string): void => {
    if (stderr.isTTY === true) stderr.write(`\r\u001b[K${text}`)
  }
  const began = performance.now()
  for (;;) {
    await pause(LOOK_INTERVAL_MS, interrupted)
    if (interrupted.aborted) return exitOfSignal(interrupted)
    const state = await look(admin)
    // Where another daemon answers already, the one that was asked has gone.
    if (state === null || state.step === 'serving') break
    line(sentence(state))
    if (performance.now() - began > state.endsWithinMs + OVERTIME_MS) {
      line('')
      throw new Failure(`the daemon has not gone after ${seconds(performance.now() - began)}`)
    }
  }
  line('')
  if (isTold) printLine([span(`gone after ${seconds(performance.now() - began)}`)], context)
  return Exit.OK
}

/** Null when it has gone. */
async function look(admin: Admin): Promise<DrainState | null> {
  try {
    return (await (await admin.get('/drain')).json()) as DrainState
  } catch (error) {
    if (error instanceof NobodyThere) return null
    throw error
  }
}

function sentence({ step, sessions, sessionsAtStart, pendingEvents, endsWithinMs }: DrainState): string {
  if (step === 'grace')
    return `not ready, still serving ${plural(sessions, 'session')}: over within ${seconds(endsWithinMs)}`
  const waiting = pendingEvents === 0 ? '' : `, ${plural(pendingEvents, 'event')} waiting`
  return `draining: ${sessions} of ${plural(sessionsAtStart, 'session')} left${waiting}: over within ${seconds(endsWithinMs)}`
}
