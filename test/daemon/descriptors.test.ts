import { existsSync } from 'node:fs'
import t from 'tap'
import { WebSocket } from 'ws'
import { connectionsWithin, descriptorsMax } from '../../src/daemon/descriptors.js'
import { Code } from '../../src/protocol/codes.js'
import { Command, MAIN } from '../helpers/command.js'
import { scrape } from '../helpers/metrics.js'
import { until } from '../helpers/until.js'

const skip = !existsSync('/proc/self/limits') && 'no /proc: the limit of descriptors is not known here'

t.test('no more connections than descriptors, and the operator is told', async (t) => {
  const said: string[] = []
  const warn = (sentence: string): void => void said.push(sentence)
  t.equal(connectionsWithin(19_000, null, warn), 19_000)
  t.equal(connectionsWithin(19_000, 20_000, warn), 19_000)
  t.same(said, [])
  t.equal(connectionsWithin(19_000, 1_024, warn), 832)
  t.match(said[0], /connections_max is 19000.*1024 open files.*832/)
  t.equal(connectionsWithin(10, 5, warn), 1)
  t.equal(connectionsWithin(19_900, 20_000, warn), 19_552, 'with those of the admin port')
})

t.test('the limit of this process is known', { skip }, async (t) => {
  t.ok((descriptorsMax() ?? 0) >= 64)
})

t.test('at the limit of descriptors connections are refused, and the admin port answers', { skip }, async (t) => {
  const words = 'serve --config none --listen.port 0 --http2.port 0 --admin.port 0'
  const script = `ulimit -n 300 && exec "${process.execPath}" "${MAIN}" ${words}`
  const daemon = Command.spawn(t, '/bin/sh', ['-c', script])
  const ready = / ready: (ws:\S+) · .*admin (http:\S+) /
  await until('readiness', () => ready.test(daemon.stdout))
  const [, url, adminUrl] = ready.exec(daemon.stdout) as RegExpExecArray
  t.match(daemon.stdout, /at most 108 connections are held/)

  let held = 0
  const codes: number[] = []
  const sockets = Array.from({ length: 200 }, () => {
    const socket = new WebSocket(url)
    // The daemon's first message: who is refused gets a close instead.
    socket.once('message', () => held++)
    socket.once('close', (code) => codes.push(code))
    socket.on('error', () => {})
    return socket
  })
  t.teardown(() => {
    for (const socket of sockets) socket.terminate()
  })
  await until(
    'an answer for each',
    () =>
      sockets.every(({ readyState }) => readyState === WebSocket.CLOSED || readyState === WebSocket.OPEN) &&
      sockets.length - codes.length <= 108,
  )
  t.equal(sockets.length - codes.length, 108)
  t.ok(held >= 108)
  // Node's streams tell so many of them at a time; the others are cut.
  const told = codes.filter((code) => code === Code.TOO_MANY_CONNECTIONS).length
  t.ok(told > 0, `${told} were told`)
  t.same(new Set([...codes, Code.TOO_MANY_CONNECTIONS, 1006]).size, 2)
  const scraped = await scrape(adminUrl)
  t.equal(scraped.get('sluice_connections', 'listener', 'listen'), 108)
})
