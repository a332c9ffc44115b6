import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { CODES, Code, codeName } from '../../src/protocol/codes.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'
import { HOSTILE_CASES } from './hostile-frames.js'
import { type Neighbours, neighbours } from './neighbours.js'
import { Random, randomFrame } from './random-frames.js'

/** Resident memory that a daemon may gain from all this: pools that have filled, and a collector that has not run. */
const GROWTH_BYTES_MAX = 128 * 1024 * 1024

/** They go on beside every attack, and have noticed nothing in the end. */
async function withNeighbours(
  t: Test,
  attack: (daemon: DaemonProcess, pair: Neighbours) => Promise<void>,
): Promise<void> {
  const daemon = await DaemonProcess.start(t, { 'log.level': 'info' })
  const pair = await neighbours(daemon.url)
  const before = daemon.residentBytes
  await attack(daemon, pair)
  const { published, received, inOrder, missed, controls } = await pair.stop()
  t.equal(received, published, `all ${published} events of the pair beside it have arrived`)
  t.ok(inOrder)
  t.equal(missed, 0)
  t.equal(controls, 0, 'nobody told the pair anything')
  t.ok(daemon.isRunning)
  t.ok(daemon.residentBytes - before < GROWTH_BYTES_MAX)
  const scraped = await daemon.scrape()
  t.same(scraped.imbalance, { routing: 0, delivery: 0 })
  t.equal(scraped.get('sluice_runs_held'), 0)
  t.equal(daemon.stderr, '')
}

t.setTimeout(300_000)

t.test('each hostile frame gets its code and its counter, and costs nobody else anything', async (t) => {
  await withNeighbours(t, async (daemon) => {
    const expected = new Map<string, number>()
    for (const { name, bytes, code, closes } of HOSTILE_CASES) {
      const client = await RawClient.open(daemon.url)
      client.send(bytes)
      if (closes) {
        const closed = await client.untilClosed()
        t.equal(codeName(closed.code), code, name)
      } else await client.sync()
      t.same(client.errors.map(codeName), [code], name)
      if (!closes) await client.close()
      expected.set(code, (expected.get(code) ?? 0) + 1)
    }
    const scraped = await daemon.scrape()
    for (const { name } of CODES) t.equal(scraped.refused(name), expected.get(name) ?? 0, name)
  })
})

t.test('hostile lines of the JSON subprotocol cost themselves only', async (t) => {
  await withNeighbours(t, async (daemon) => {
    const cases: [code: string, line: string][] = [
      ['bad_json', '{"a":1}'],
      ['bad_json', '["event","a",3,'],
      ['bad_json', '[]'],
      ['bad_json', '"event"'],
      ['bad_json', '[1,"a",3,null]'],
      ['unknown_op', '["evnt","a",3,1]'],
      ['unknown_op', '["__proto__"]'],
      ['bad_arguments', '["event",1,3,1]'],
      ['bad_topic', '["event","a..b",3,1]'],
      ['bad_flags', '["event","a",8,1]'],
      ['too_deep', `["event","a",3,${'['.repeat(5000)}${']'.repeat(5000)}]`],
    ]
    for (const [code, line] of cases) {
      const before = (await daemon.scrape()).refused(code)
      const client = await RawClient.json(daemon.url)
      client.socket.send(`${line}\n["ping",7]`)
      await client.until('PONG', () => client.lines.some(([op]) => op === 'pong'))
      await client.until('ERROR', () => client.lines.some(([op]) => op === 'error'))
      t.same(
        client.lines.filter(([op]) => op === 'error').map(([, , of]) => codeName(of as number)),
        [code],
        line.slice(0, 40),
      )
      t.equal((await daemon.scrape()).refused(code) - before, 1, 'counted')
      await client.close()
    }
  })
})

t.test(
  'what is not WebSocket is cut: bad lengths, reserved bits, wrong opcodes, unmasked frames, endless headers',
  async (t) => {
    await withNeighbours(t, async (daemon) => {
      const { hostname, port } = new URL(daemon.url)
      const upgrade = [
        'GET / HTTP/1.1',
        'Host: x',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13',
        '',
        '',
      ].join('\r\n')
      const attacks: [name: string, bytes: Buffer][] = [
        ['a length of 2^63', Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])],
        ['a length of 4 GiB', Buffer.from([0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4])],
        ['reserved bits', Buffer.from([0xf2, 0x80, 0, 0, 0, 0])],
        ['opcode 3', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
        ['a fragmented ping', Buffer.from([0x09, 0x80, 0, 0, 0, 0])],
        ['a ping of 126 bytes', Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)])],
        ['a continuation of nothing', Buffer.from([0x80, 0x81, 0, 0, 0, 0, 1])],
        ['text that is not UTF-8', Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28])],
      ]
      for (const [name, bytes] of attacks) {
        const socket = connect({ host: hostname, port: Number(port) })
        socket.on('error', () => {})
        socket.write(upgrade)
        await once(socket, 'data')
        socket.write(bytes)
        await once(socket.resume(), 'close')
        t.ok(socket.destroyed, name)
      }
      const headers = connect({ host: hostname, port: Number(port) })
      headers.on('error', () => {})
      headers.write('GET / HTTP/1.1\r\n')
      const filler = Buffer.from(`X: ${'y'.repeat(1000)}\r\n`)
      while (!headers.destroyed) {
        headers.write(filler)
        headers.resume()
        await new Promise((resolve) => setImmediate(resolve))
      }
      t.ok(headers.destroyed, 'headers without end')
      await until('they are gone', async () => (await daemon.scrape()).get('sluice_sessions') === 2)
    })
  },
)

t.test(
  'a million random frames: each is answered or counted, and nobody else notices',
  { timeout: 300_000 },
  async (t) => {
    const FRAMES = 1_000_000
    const PER_MESSAGE = 500
    const MESSAGES_PER_CONNECTION = 20
    const seed = Number(process.env.SLUICE_SEED ?? Date.now() % 2 ** 32)
    t.comment(`SLUICE_SEED=${seed}`)
    const random = new Random(seed)
    await withNeighbours(t, async (daemon) => {
      const told = new Map<number, number>()
      const closed = new Map<number, number>()
      let sent = 0
      const attacker = async (): Promise<void> => {
        while (sent < FRAMES) {
          const client = await RawClient.open(daemon.url)
          client.onEvent = () => {}
          for (let i = 0; i < MESSAGES_PER_CONNECTION && sent < FRAMES; i++) {
            client.send(...Array.from({ length: PER_MESSAGE }, () => randomFrame(random)))
            await client.sync()
            sent += PER_MESSAGE
          }
          // Bytes that are mostly no frame end it.
          client.socket.send(random.bytes(1 + random.below(400)))
          client.socket.send(Buffer.from([0xc1]))
          const { code } = await client.untilClosed()
          closed.set(code, (closed.get(code) ?? 0) + 1)
          for (const { op, ...frame } of client.controls) {
            if (!('details' in frame)) continue
            told.set(frame.code, (told.get(frame.code) ?? 0) + (frame.details.count ?? 1))
          }
        }
      }
      await Promise.all(Array.from({ length: 8 }, attacker))
      const scraped = await daemon.scrape()
      let refused = 0
      for (const { code, name } of CODES) {
        t.equal(scraped.refused(name), told.get(code) ?? 0, `${name}: as many told as counted`)
        refused += scraped.refused(name)
      }
      t.equal(scraped.sum('sluice_refused_total'), refused, 'no code outside the table')
      t.ok(refused > FRAMES / 2)
      t.ok(told.size >= 8, 'of many kinds')
      // An ext type is a bad argument, and leaves the end of the frame unknown.
      const closing = CODES.filter(({ code, closes }) => closes || code === Code.BAD_ARGUMENTS).map(({ code }) => code)
      t.same(
        [...closed.keys()].filter((code) => !closing.some((known) => known === code)),
        [],
        'closed with codes that close',
      )
    })
  },
)
