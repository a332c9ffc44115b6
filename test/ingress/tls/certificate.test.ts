import { chmodSync } from 'node:fs'
import t from 'tap'
import { foldersOnTheWay } from '../../../src/base/file-watch.js'
import { expirySentence, expiryStage } from '../../../src/ingress/tls/expiry.js'
import { readPair } from '../../../src/ingress/tls/pair.js'
import { makeCertificate, opensslMissing, replaceFile } from '../../helpers/certificates.js'
import { Authority } from '../../helpers/pki.js'
import { loadTls } from '../../helpers/tls.js'

const skip = { skip: opensslMissing }
const DAY_MS = 86_400_000
const day = (number: number): Date => new Date(Date.UTC(2030, 0, 1) + number * DAY_MS)

t.test('what a certificate says of itself', skip, async (t) => {
  for (const kind of ['ec', 'rsa', 'ed25519'] as const) {
    const files = makeCertificate(t, { kind, names: ['DNS:bus.example', 'IP:10.0.0.1'], serial: 0xabcdef, days: 90 })
    const pair = readPair(files.certificateFile, files.keyFile)
    t.equal(pair.serial, 'ABCDEF')
    t.same(pair.names, ['bus.example', '10.0.0.1'])
    t.match(pair.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
    t.equal(pair.notAfter.getTime() - pair.notBefore.getTime(), 90 * DAY_MS)
    t.same(pair.doubts, [])
  }
})

t.test('a chain, and one out of order', skip, async (t) => {
  const authority = new Authority(t)
  const { certFile, keyFile, cert } = authority.issue()
  const stranger = makeCertificate(t)
  replaceFile(certFile, cert + authority.ca)
  t.same(readPair(certFile, keyFile).doubts, [])
  replaceFile(certFile, cert + stranger.certificate)
  t.match(readPair(certFile, keyFile).doubts, [/certificate 2 is not the issuer of certificate 1/])
})

t.test('files that cannot be read, and keys that OpenSSL does not take', skip, async (t) => {
  const files = makeCertificate(t)
  t.throws(() => readPair('/nonexistent/tls.crt', files.keyFile), {
    message: 'tls.certificate: there is no file /nonexistent/tls.crt',
  })
  t.throws(() => readPair(files.certificateFile, '/dev/zero'), { message: 'tls.key: /dev/zero is not a file' })
  replaceFile(files.keyFile, Buffer.alloc(2_000_000, 'a').toString())
  t.throws(() => readPair(files.certificateFile, files.keyFile), { message: /too large to be one \(2000000 bytes\)$/ })
  replaceFile(files.keyFile, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n')
  t.throws(() => readPair(files.certificateFile, files.keyFile), { message: /the key in .+ cannot be parsed: / })
  replaceFile(files.certificateFile, '0\x82\x01\x00 as DER begins')
  t.throws(() => readPair(files.certificateFile, files.keyFile), { message: /looks like DER/ })
  if (process.geteuid?.() === 0) return
  chmodSync(files.certificateFile, 0)
  t.throws(() => readPair(files.certificateFile, files.keyFile), { message: /may not be read by user \d+/ })
})

t.test('the end of a certificate is told in time', skip, async (t) => {
  const expired = loadTls(t, makeCertificate(t, { days: 0 }))
  t.match(expired.warned, [/^the certificate in .+ has expired \(.+\): clients refuse it$/])
  const late = loadTls(t, makeCertificate(t, { days: 13 }))
  t.same(late.warned, [], 'one that lives for two weeks is not late on its first day')
  t.same(loadTls(t, makeCertificate(t, { days: 90 })).warned, [])
})

t.test('stages of a life', async (t) => {
  const year = { notBefore: day(0), notAfter: day(365) }
  const stages = (days: readonly number[]): number[] => days.map((at) => expiryStage(year, day(at).getTime()))
  t.same(stages([0, 350, 351, 363, 364, 365, 400]), [0, 0, 1, 1, 2, 3, 3])
  const week = { notBefore: day(0), notAfter: day(6) }
  t.same(
    [3, 4, 5, 5.5, 6].map((at) => expiryStage(week, day(at).getTime())),
    [0, 1, 1, 2, 3],
  )
  t.equal(
    expirySentence(year, day(352).getTime(), 'a.pem'),
    'the certificate in a.pem expires in 13 days (2031-01-01T00:00:00Z)',
  )
  t.match(expirySentence(year, day(364.5).getTime(), 'a.pem'), 'expires in 12 hours')
})

t.test('the folders where a change can happen', async (t) => {
  const root = t.testdir({
    archive: { 'a1.pem': '' },
    live: { 'a.pem': t.fixture('symlink', '../archive/a1.pem') },
    current: t.fixture('symlink', 'live'),
    loop: t.fixture('symlink', 'loop'),
  })
  const below = (path: string): string[] =>
    foldersOnTheWay(`${root}/${path}`)
      .filter((folder) => folder.startsWith(root))
      .map((folder) => folder.slice(root.length))
      .sort()
  t.same(below('archive/a1.pem'), ['/archive'])
  t.same(below('live/a.pem'), ['/archive', '/live'])
  t.same(below('current/a.pem'), ['', '/archive', '/live'])
  t.same(below('missing/a.pem'), ['/missing'])
  t.ok(below('loop/a.pem').includes(''))
})
