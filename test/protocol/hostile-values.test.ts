// The tables of docs/hostile-input.md, run over real sockets: what they say is what happens.
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { codeName } from '../../src/protocol/codes.js'
import { type ControlFrame, encodeControl } from '../../src/protocol/control.js'
import { framesToText } from '../../src/protocol/json.js'
import { Op } from '../../src/protocol/ops.js'
import { daemonHere } from '../helpers/daemon.js'
import { Http1Sender, Http2Sender } from '../helpers/http-request.js'
import { RawClient } from '../helpers/raw-client.js'
import { textOf } from '../house/files.js'

const PAGE = textOf('docs/hostile-input.md')
const FRAME_TABLES = ['frames', 'ext', 'keys', 'text', 'numbers']

/** Cells of a table without its head; a code span loses its marks. */
function rows(name: string): string[][] {
  const table = PAGE.slice(PAGE.indexOf(`<!-- ${name}:begin -->`), PAGE.indexOf(`<!-- ${name}:end -->`))
  const found = table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, what, ...cells]) => [what, ...cells.slice(0, -1).map((cell) => cell.replaceAll('`', ''))])
  return found.slice(2)
}

/** `(91)×3` as often as it says. */
const repeated = (text: string): string =>
  text.replace(/\(([^()]*)\)×([0-9]+)/g, (_, part: string, times) => part.repeat(Number(times)))

/** Bytes in hexadecimal, and characters in quotes. */
function bytesOf(text: string): Buffer {
  const hex = repeated(text).replace(/'([^']*)'/g, (_, characters: string) => Buffer.from(characters).toString('hex'))
  const digits = hex.replaceAll(' ', '')
  if (!/^([0-9a-f]{2})+$/.test(digits)) throw new Error(`no bytes: ${text}`)
  return Buffer.from(digits, 'hex')
}

interface Expected {
  /** Name of a code; '' when nothing is refused. */
  refused: string
  closes: boolean
  /** What is told to the sender or the subscriber; null for nothing. */
  comes: unknown[] | null
}

function expectedOf(refused: string, comes: string): Expected {
  const [name, ...more] = refused.split(', ')
  return {
    refused: name,
    closes: more.includes('closed'),
    comes: comes === '' ? null : (JSON.parse(comes) as unknown[]),
  }
}

/** All lines of one client but what is about the test itself. */
function linesOf(client: RawClient): unknown[][] {
  return client.lines.filter(([op]) => op !== 'welcome' && op !== 'ok' && op !== 'synced' && op !== 'error')
}

/** What a client of the msgpack subprotocol was told, as lines. */
function answersTo(client: RawClient): unknown[][] {
  const asides: readonly number[] = [Op.WELCOME, Op.OK, Op.SYNCED, Op.ERROR]
  return client.controls
    .filter(({ op }) => !asides.includes(op))
    .map((frame) => JSON.parse(textOfFrame(frame)) as unknown[])
}

function textOfFrame(frame: ControlFrame): string {
  const bytes = encodeControl(frame)
  return framesToText(bytes, 0, bytes.length)
}

t.test('frames, and lines', async (t) => {
  const daemon = await daemonHere(t)
  for (const [port, url] of Object.entries({
    'uWebSockets.js': daemon.url,
    'Node’s streams': daemon.http2Url.replace('http', 'ws'),
  })) {
    const watcher = await RawClient.json(url)
    watcher.socket.send('["subscribe",1,">"]')
    await watcher.until('OK', () => watcher.lines.some(([op]) => op === 'ok'))

    /** Waits for the row's event, and that there is no other. */
    const check = async (what: string, client: RawClient, answers: () => unknown[][], comes: unknown[] | null) => {
      const seen = (): unknown[][] => [...linesOf(watcher), ...answers()]
      if (comes !== null) await watcher.until(`${what}: ${JSON.stringify(comes)}`, () => seen().length > 0)
      t.ok(
        comes === null ? seen().every(([op]) => op !== 'pong') : isDeepStrictEqual(seen(), [comes]),
        `${what} (${port}): ${JSON.stringify(seen()).slice(0, 200)}`,
      )
      watcher.lines.length = 0
      await client.close()
    }

    for (const [what, bytes, refused, comes] of FRAME_TABLES.flatMap(rows)) {
      const expected = expectedOf(refused, comes)
      const client = await RawClient.open(url)
      client.send(bytesOf(bytes))
      if (expected.closes)
        t.equal(codeName((await client.untilClosed()).code), expected.refused, `${what} (${port}): closed`)
      else await client.sync()
      t.same(client.errors.map(codeName), expected.refused === '' ? [] : [expected.refused], `${what} (${port})`)
      await check(what, client, () => answersTo(client), expected.comes)
    }

    for (const [what, line, refused, comes] of rows('json')) {
      const expected = expectedOf(refused, comes)
      const client = await RawClient.json(url)
      client.socket.send(repeated(line))
      client.socket.send('["sync",7]')
      await client.until('SYNCED', () => client.lines.some(([op, request]) => op === 'synced' && request === 7))
      t.same(
        client.lines.filter(([op]) => op === 'error').map(([, , code]) => codeName(code as number)),
        expected.refused === '' ? [] : [expected.refused],
        `${what} (${port})`,
      )
      await check(what, client, () => linesOf(client), expected.comes)
    }
    await watcher.close()
  }
})

t.test('requests', async (t) => {
  const daemon = await daemonHere(t)
  for (const sender of [
    new Http1Sender(daemon.url),
    new Http1Sender(daemon.http2Url),
    new Http2Sender(daemon.http2Url),
  ]) {
    for (const [what, request, body, answer] of rows('http')) {
      const [line, ...fields] = repeated(request).split('; ')
      const given = fields.map((field) => field.split(': ') as [string, string])
      const headers = { 'content-type': 'application/json', ...Object.fromEntries(given) }
      const { status, body: problem } = await sender.post(line.replace('POST ', ''), headers, [repeated(body)])
      const name = status === 202 ? '' : ` ${(JSON.parse(problem) as { name: string }).name}`
      t.equal(`${status}${name}`, answer, what)
    }
    sender.close()
  }
})

t.test('the tables are there', async (t) => {
  t.ok(FRAME_TABLES.flatMap(rows).length > 60)
  t.ok(rows('json').length > 20)
  t.ok(rows('http').length > 15)
})
