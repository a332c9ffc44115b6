import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HistogramLogReader } from 'hdr-histogram-js'
import t from 'tap'
import { LATENCY_BYTES, LatencyCounts, Stage } from '../../src/core/latency.js'
import { LatencyPart } from '../../src/observe/latency/part.js'
import { AdminProblem } from '../../src/observe/thread/routes.js'
import { Command } from '../helpers/command.js'
import { threadContext } from '../helpers/thread-context.js'

interface Teardown {
  teardown(run: () => unknown): void
}

/** The pages of a part behind a real socket, with problems as the admin port tells them. */
async function serve(t: Teardown, classes = [{ name: 'orders', topics: 'orders.>' }]) {
  const latency = new LatencyCounts(new ArrayBuffer(LATENCY_BYTES))
  const context = threadContext({ latency, classes })
  const part = new LatencyPart(context)
  const asked: string[] = []
  const handle = async ({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(url)
    const [path, query = ''] = url.split('?')
    try {
      const route = part.routes.find((each) => each.path === path)
      if (route === undefined) throw new AdminProblem(404, 'there is no such page')
      const request = {
        method: 'GET',
        params: {},
        query: new URLSearchParams(query),
        headers: {},
        body: Buffer.alloc(0),
      }
      const { status, type, body } = await route.handle(request)
      response.writeHead(status, { 'content-type': type }).end(body)
    } catch (error) {
      const { status, message } = error as AdminProblem
      response.writeHead(status, { 'content-type': 'application/problem+json' })
      response.end(JSON.stringify({ title: 'Bad Request', status, detail: message }))
    }
  }
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const seconds = (count: number, note: () => void): void => {
    for (let second = 0; second < count; second++) {
      note()
      context.advance(1000)
      part.tick()
    }
  }
  return { url, latency, seconds, asked }
}

t.test('the last minute as a table; a whole series in one line', async (t) => {
  const { url, latency, seconds } = await serve(t)
  seconds(70, () => {
    latency.note(Stage.ROUTING, 3, 1, 0.0205, 990)
    latency.note(Stage.ROUTING, 3, 1, 1.5, 10)
    latency.note(Stage.DELIVERY, 0, 0, 250, 1)
  })
  const told = await Command.run(t, ['latency', '--admin', url])
  t.equal(told.code, 0, told.stderr)
  t.equal(told.lines[0], 'the last 1m')
  t.match(told.lines[1], /^ +events +p50 +p90 +p99 +p99\.9 +max$/)
  t.match(told.stdout, /^routing +60,000 +2[01]µs +2[01]µs +(2[01]µs|1\.\d+ms) +1\.5\dms +1\.5\dms$/m)
  t.match(told.stdout, /^routing\/lane-3 +60,000 /m)
  t.match(told.stdout, /^routing\/class-orders +60,000 /m)
  t.match(told.stdout, /^delivery +60 +25\dms /m)
  t.notMatch(told.stdout, /queue/, 'what had no events is not shown')
  t.equal(new Set(told.lines.slice(1).map((line) => line.length)).size, 1, 'columns end alike')
})

t.test('filters go to the daemon; the address may come from the environment', async (t) => {
  const { url, latency, seconds, asked } = await serve(t)
  seconds(5, () => latency.note(Stage.DELIVERY, 2, 1, 1, 7))
  const env = { SLUICE_ADMIN_URL: url }
  const words = ['latency', '--since', '10s', '--stage', 'delivery', '--class', 'orders', '--json']
  const told = await Command.run(t, words, '', { env })
  t.equal(asked[0], '/latency?stage=delivery&class=orders&window=10s')
  t.match(JSON.parse(told.stdout), {
    windows: [
      { windowMs: 10_000, coveredMs: 5000, series: [{ name: 'delivery/class-orders', class: 'orders', count: 35 }] },
    ],
  })
  const short = await Command.run(t, ['latency', '--lane', '2', '--since', '30s'], '', { env })
  t.match(short.lines[0], /^the last 30s, of which the daemon has seen 5/)
  const none = await Command.run(t, ['latency', '--lane', '7'], '', { env })
  t.match(none.stdout, /^nothing was delivered in the last 1m/)
})

t.test('a log that HdrHistogram’s reader reads', async (t) => {
  const { url, latency, seconds } = await serve(t)
  seconds(20, () => latency.note(Stage.DELIVERY, 2, 1, 1, 7))
  const told = await Command.run(t, ['latency', '--hlog', '--stage', 'delivery', '--admin', url])
  t.equal(told.code, 0, told.stderr)
  const reader = new HistogramLogReader(told.stdout, 64)
  let untagged = 0
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram()) {
    if (next.tag === 'NO TAG') untagged += next.totalCount
  }
  t.equal(untagged, 140)
})

t.test('what cannot be meant is told in one sentence, exit code 2', async (t) => {
  const { url } = await serve(t)
  const says = async (words: string[], sentence: RegExp): Promise<void> => {
    const told = await Command.run(t, ['latency', '--admin', url, ...words])
    t.equal(told.code, 2, words.join(' '))
    t.equal(told.stdout, '')
    t.match(told.stderr, sentence)
  }
  await says(['--lane', '8'], /--lane 8: a lane is 0/)
  await says(['--since', '10'], /--since 10: not a time such as .* say 10ms or 10s/)
  await says(['--since', '3d'], /3d: not a time from 1s to 48h/)
  await says(['--stage', 'rooting'], /there is no stage rooting; there are queue, fanout, routing, delivery/)
  await says(['--class', 'order'], /there is no class order; there are orders/)
  await says(['--class', 'orders', '--lane', '1'], /exclude each other/)
  await says(['--class', 'orders', '--stage', 'queue'], /classes are not timed by queue/)
  await says(['--json', '--hlog'], /--json and --hlog exclude each other/)
})

t.test('no daemon, or something else at that address: what to do, exit code 1', async (t) => {
  const other = createServer((_, response) => response.writeHead(404).end('no'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  const answered = await Command.run(t, ['latency', '--admin', url])
  t.equal(answered.code, 1)
  t.match(answered.stderr, /answered 404: is it the admin port of a Sluice\?/)
  await new Promise((resolve) => other.close(resolve))
  const refused = await Command.run(t, ['latency', '--admin', url])
  t.equal(refused.code, 1)
  t.match(refused.stderr, /no admin port answers at .* \(connection refused\): is the daemon up\?/)
  const wrong = await Command.run(t, ['latency', '--admin', 'localhost:7402'])
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, /--admin localhost:7402: not a URL such as .*; say http:\/\/localhost:7402/)
})
