import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Op } from '../../src/protocol/ops.js'
import { makeCertificate, opensslMissing } from '../helpers/certificates.js'
import { Command } from '../helpers/command.js'
import { FakeDaemon, type Listening, listen, type Tls } from '../helpers/fake-daemon.js'
import { listenHttp2 } from '../helpers/fake-http2-daemon.js'
import { Authority } from '../helpers/pki.js'
import { until } from '../helpers/until.js'

if (opensslMissing !== false) {
  t.plan(0, opensslMissing)
  process.exit()
}

const authority = new Authority(t)
const good = authority.issue()

interface Way {
  name: string
  listen(daemon: FakeDaemon, tls?: Tls): Promise<Listening>
}

const ways: Way[] = [
  { name: 'WebSocket', listen: (daemon, tls) => listen(daemon, 0, tls) },
  { name: 'HTTP/2', listen: (daemon, tls) => listenHttp2(daemon, tls === undefined ? {} : { tls }) },
]

for (const way of ways) {
  t.test(`over ${way.name}`, async (t) => {
    const serve = async (tls?: Tls): Promise<{ daemon: FakeDaemon; url: string }> => {
      const daemon = new FakeDaemon()
      const { url, close } = await way.listen(daemon, tls)
      t.teardown(close)
      return { daemon, url }
    }

    t.test('sub hears what pub says, with and without TLS', async (t) => {
      for (const [tls, ...how] of [[undefined], [good, '--ca', authority.caFile]] as [Tls | undefined, ...string[]][]) {
        const { daemon, url } = await serve(tls)
        const sub = Command.start(t, ['sub', 'a.>', '--count', '2', '--url', url, ...how])
        await until('the subscription', () => daemon.sessions.some((session) => session.count(Op.SUBSCRIBE) === 1))
        const pub = await Command.run(t, ['pub', 'a.b', '--stdin', '--quiet', '--url', url, ...how], '1\n{"id":2}\n')
        t.equal(pub.code, 0)
        t.equal(pub.stderr, '')
        await sub.exited
        t.equal(sub.code, 0)
        t.match(
          sub.lines.map((line) => JSON.parse(line)),
          [
            { topic: 'a.b', value: '1' },
            { topic: 'a.b', value: { id: 2 } },
          ],
        )
        t.equal(sub.stderr, '')
      }
    })

    t.test('bench', async (t) => {
      const { url } = await serve(good)
      const words = ['bench', '--events', '2000', '--json', '--url', url, '--insecure']
      const bench = await Command.run(t, words)
      t.equal(bench.code, 0)
      t.match(JSON.parse(bench.stdout), { published: 2000, delivered: 2000, lost: 0 })
      t.equal(bench.stderr, `sluice: --insecure: nobody checks that ${url} is who it says it is\n`, 'once')
    })

    t.test('certificates that are not trusted: one sentence that says what to do', async (t) => {
      const { url } = await serve(good)
      const stranger = new Authority(t)
      const expired = await serve(authority.issue({ days: 0 }))
      const elsewhere = await serve(authority.issue({ names: 'DNS:elsewhere.example' }))
      const ca = ['--ca', authority.caFile]
      const cases: [string, string[], RegExp][] = [
        [
          url,
          [],
          /^sluice: the certificate of \S+ is not trusted \(.+\): say which authority signed it, with --ca FILE;/,
        ],
        [url, ['--ca', stranger.caFile], /^sluice: the certificate of \S+ is not signed by one in \S+\.pem \(/],
        [expired.url, ca, /^sluice: the certificate of \S+ has expired/],
        [elsewhere.url, ca, /^sluice: the certificate of \S+ is another's: .*127\.0\.0\.1.*; --url must have a name/],
      ]
      for (const [where, how, sentence] of cases) {
        const command = await Command.run(t, ['pub', 't', '1', '--url', where, ...how])
        t.equal(command.code, 1)
        t.match(command.stderr, sentence)
        t.equal(command.stderr.split('\n').length, 2)
      }
    })
  })
}

t.test('a certificate that signed itself is trusted by itself', async (t) => {
  const { certificate: cert, key, certificateFile } = makeCertificate(t)
  const daemon = new FakeDaemon()
  const { url, close } = await listenHttp2(daemon, { tls: { cert, key } })
  t.teardown(close)
  const blind = await Command.run(t, ['pub', 't', '1', '--url', url])
  t.match(blind.stderr, /self-signed certificate.*if it signed itself, that file is the certificate/)
  const command = await Command.run(t, ['pub', 't', '1', '--url', url, '--ca', certificateFile])
  t.equal(command.stderr, '')
  t.equal(command.code, 0)
  t.equal(daemon.taken.length, 1)
})

t.test('options that make no sense', async (t) => {
  const notPem = join(t.testdir({}), 'not.pem')
  writeFileSync(notPem, 'hello')
  const cases: [string[], number, string][] = [
    [['--url', 'https://x', '--ca', authority.caFile, '--insecure'], 2, '--ca and --insecure exclude each other'],
    [['--url', 'ws://x:1', '--insecure'], 2, '--insecure: ws://x:1 is not encrypted; is wss://x:1 meant?'],
    [['--url', 'http://x:1', '--ca', 'f'], 2, '--ca: http://x:1 is not encrypted; is https://x:1 meant?'],
    [['--url', 'https://x', '--ca', notPem], 2, `--ca ${notPem}: not a PEM file with certificates`],
    [['--url', 'https://x', '--ca', `${notPem}.none`], 1, `cannot read ${notPem}.none: ENOENT`],
  ]
  for (const [words, code, sentence] of cases) {
    const command = await Command.run(t, ['pub', 't', '1', ...words])
    t.equal(command.code, code, sentence)
    t.ok(command.stderr.startsWith(`sluice: ${sentence}`), command.stderr)
  }
})

t.test('a port that speaks something else says what', async (t) => {
  const { url, close } = await listen(new FakeDaemon())
  t.teardown(close)
  const http2 = await Command.run(t, ['pub', 't', '1', '--url', url.replace('ws:', 'http:')])
  t.match(http2.stderr, /what answers there does not speak HTTP\/2/)
  const tls = await Command.run(t, ['pub', 't', '1', '--url', url.replace('ws:', 'https:')])
  t.match(tls.stderr, /this port does not speak TLS/)
})
