import { createReadStream } from 'node:fs'
import { addAbortSignal, type Readable } from 'node:stream'
import { LANE_DEFAULT, LANES } from '../protocol/ops.js'
import { BUS_OPTIONS, connectBus } from './bus.js'
import { type Command, type Context, Exit, exitOfSignal, Failure, type Given, UsageError } from './command.js'
import { type Content, type Reading, readArgument, readLine } from './content.js'
import { type Line, LineSplitter, TOO_LONG } from './lines.js'
import { Notices } from './notices.js'
import { grouped, perSecond, plural, seconds } from './numbers.js'
import { Publisher, type Recipe, recipeOf } from './publisher.js'
import { settle } from './settle.js'
import { parseCount } from './units.js'

/** A longer line than any daemon takes as one payload is left out instead of being gathered in memory. */
const LINE_BYTES_MAX = 64 * 1024 * 1024

export const pub: Command = {
  name: 'pub',
  usage: [
    'pub TOPIC VALUE [OPTION]…',
    'pub TOPIC --stdin [OPTION]…',
    'pub TOPIC --file FILE [OPTION]…',
    'pub --topic TEMPLATE --stdin [OPTION]…',
  ],
  about: [
    'Publishes one VALUE (JSON if it is valid JSON, text otherwise), or each line of standard input or of a file as',
    'one event: a line that is a JSON object is published as that object, any other as text; blank lines are left out.',
    'TOPIC may have places that are filled from fields of the JSON object: logs.{level}, users.{user.id};',
    '{{ and }} stand for the braces themselves. A line that does not fit is reported on stderr and left out.',
    'Waits when the daemon is slower than the input, connects again when the daemon restarts, and ends once the',
    'daemon has taken everything.',
  ],
  options: {
    ...BUS_OPTIONS,
    stdin: { help: 'each line of standard input is one event' },
    file: { value: 'FILE', help: 'each line of a file is one event; - is standard input' },
    topic: { value: 'TEMPLATE', help: 'the topic, instead of the first argument' },
    lane: { value: 'LANE', help: `0 (most urgent) to ${LANES - 1} (default: ${LANE_DEFAULT})` },
    ttl: { value: 'TIME', help: 'drop the event if it could not be delivered within 500ms, 10s, 5m, …' },
    key: { value: 'KEY', help: 'conflation key; {field} places as in TOPIC' },
    text: { help: 'publish as text, even what looks like JSON; blank lines too' },
    json: { help: 'every line must be JSON of any kind; others are invalid' },
    raw: { help: "publish the line's bytes unchanged, as text/plain" },
    rate: { value: 'N', help: 'at most N events a second, evenly spread' },
    count: { value: 'N', short: 'n', help: 'end after N events; with a VALUE: publish it N times' },
    'skip-invalid': { help: 'lines that do not fit are reported, but do not change the exit code' },
    quiet: { short: 'q', help: 'no summary' },
  },
  positionalsMax: 2,
  examples: [
    { line: `sluice pub orders.eu.created '{"id":1}' --lane 0`, says: 'one event, most urgent' },
    { line: 'tail -F /var/log/syslog | sluice pub logs.host --stdin', says: 'a log, as it grows' },
    { line: "sluice pub 'logs.{level}' --stdin < app.ndjson", says: 'the topic comes from a field of each line' },
    { line: 'sluice pub replay --file events.ndjson --rate 500', says: 'replay a file at 500 events a second' },
    { line: 'sluice pub prices.eur 1.0842 --ttl 2s --key eur', says: 'a number that is of no use after two seconds' },
  ],
  run: publish,
}

const LINE_TOO_LONG: Content = { problem: `longer than ${LINE_BYTES_MAX} bytes` }

/** A command line of `pub`, understood. Either `value` or `source` is there. */
interface Job {
  readonly recipe: Recipe
  readonly reading: Reading
  readonly value: string | undefined
  readonly source: (() => Readable) | undefined
  /** What the source is called in messages. */
  readonly sourceName: string
  readonly count: number | undefined
}

async function publish(given: Given, context: Context): Promise<number> {
  const job = readJob(given, context)
  const notices = new Notices(context)
  const bus = await connectBus(given, context, { name: 'sluice pub', onStatus: notices.onStatus })
  const publisher = new Publisher(bus, job.recipe, context.interrupted)
  const startMs = performance.now()
  const invalid =
    job.source === undefined
      ? await publishValue(job, publisher, context)
      : await publishLines(job, job.source(), publisher, context, notices)
  const result = await settle(bus, context.interrupted)
  const elapsedMs = performance.now() - startMs
  await bus.close()

  if (job.source !== undefined && !given.options.has('quiet')) {
    const refused = result === undefined ? notices.refused : result.refused + result.dropped
    const parts = [
      `${plural(publisher.published, 'event')} in ${seconds(elapsedMs)}`,
      perSecond(publisher.published, elapsedMs),
      `${grouped(refused)} refused`,
    ]
    if (invalid > 0) parts.push(`${plural(invalid, 'invalid line')} left out`)
    if (notices.unconfirmed > 0) parts.push(`${grouped(notices.unconfirmed)} not confirmed`)
    context.stderr.write(`${parts.join(' · ')}\n`)
  }
  if (context.interrupted.aborted) return exitOfSignal(context.interrupted)
  if (result === undefined) throw new Failure(`the connection has ended: ${notices.closedBy ?? 'no reason given'}`)
  const isComplete = result.refused + result.dropped + notices.unconfirmed === 0
  return isComplete && (invalid === 0 || given.options.has('skip-invalid')) ? Exit.OK : Exit.FAILED
}

/** @throws UsageError */
function readJob({ positionals, options }: Given, context: Context): Job {
  const named = options.get('topic') as string | undefined
  const [topic, value, extra] = named === undefined ? positionals : [named, ...positionals]
  if (topic === undefined) throw new UsageError('pub needs a TOPIC; sluice pub --help shows how')
  if (extra !== undefined) throw new UsageError(`one argument too many: ${extra}; the topic is given by --topic`)

  const file = options.has('stdin') ? '-' : (options.get('file') as string | undefined)
  if (options.has('stdin') && options.has('file')) throw new UsageError('--stdin and --file exclude each other')
  if (value !== undefined && file !== undefined) {
    throw new UsageError(`the value ${value} and ${options.has('stdin') ? '--stdin' : '--file'} exclude each other`)
  }
  if (value === undefined && file === undefined) {
    throw new UsageError('nothing to publish: give a VALUE, --stdin or --file FILE')
  }
  const readings = (['text', 'json', 'raw'] as const).filter((name) => options.has(name))
  if (readings.length > 1) throw new UsageError(`--${readings[0]} and --${readings[1]} exclude each other`)
  const count = options.get('count') as string | undefined
  return {
    recipe: recipeOf(topic, options),
    reading: readings[0] ?? 'auto',
    value,
    sourceName: file === undefined || file === '-' ? 'standard input' : file,
    source: file === undefined ? undefined : () => (file === '-' ? context.stdin : createReadStream(file)),
    count: count === undefined ? undefined : parseCount('--count', count),
  }
}

/** @throws UsageError when the value cannot be an event: that is the command line's fault, not a line's */
async function publishValue(job: Job, publisher: Publisher, { interrupted }: Context): Promise<number> {
  const content = readArgument(job.value as string, job.reading)
  for (let left = job.count ?? 1; left > 0 && !interrupted.aborted; left--) {
    const turn = publisher.turn()
    if (turn !== null) {
      await turn
      if (interrupted.aborted) break
    }
    const problem = publisher.publish(content)
    if (problem !== null) throw new UsageError(problem)
  }
  return 0
}

/** @returns how many lines could not be events */
async function publishLines(
  job: Job,
  source: Readable,
  publisher: Publisher,
  { interrupted }: Context,
  notices: Notices,
): Promise<number> {
  const splitter = new LineSplitter(LINE_BYTES_MAX)
  let lineNumber = 0
  let invalid = 0
  const isDone = (): boolean => interrupted.aborted || publisher.published === job.count

  const takeAll = async (lines: Iterable<Line>): Promise<void> => {
    for (const line of lines) {
      lineNumber++
      const content = line === TOO_LONG ? LINE_TOO_LONG : readLine(line, job.reading)
      if (content === null) continue
      const turn = publisher.turn()
      if (turn !== null) await turn
      if (isDone()) return
      const problem = publisher.publish(content)
      if (problem === null) continue
      invalid++
      notices.say(`line ${lineNumber}: ${problem}`)
    }
  }

  try {
    for await (const chunk of addAbortSignal(interrupted, source)) {
      await takeAll(splitter.push(chunk as Buffer))
      if (isDone()) return invalid
    }
    await takeAll(splitter.end())
  } catch (error) {
    if (interrupted.aborted) return invalid
    const { code, path, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw new Failure(`cannot read ${path ?? job.sourceName}: ${message}`)
  }
  return invalid
}
