import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  type CertificateFiles,
  makeCertificate,
  opensslMissing,
  replaceCertificate,
  replaceFile,
} from '../../helpers/certificates.js'
import { EchoPort, loadTls, openssl, visit } from '../../helpers/tls.js'
import { until } from '../../helpers/until.js'

const skip = { skip: opensslMissing }
const LIVE = 1000

t.test(
  '1,000 connections live through a swap; who comes later sees the new certificate, with and without SNI',
  skip,
  async (t) => {
    const files = makeCertificate(t)
    const { tls, meters, informed } = loadTls(t, files)
    const { port, secured } = await EchoPort.open(t, tls)
    const live = await Promise.all(Array.from({ length: LIVE }, () => visit(t, port)))
    let closed = 0
    for (const { socket } of live) socket.once('close', () => closed++)
    const other = makeCertificate(t, { kind: 'rsa' })
    replaceCertificate(files, other)
    t.equal(tls.reload(), null)
    t.equal(tls.current.serial, other.serial)
    t.equal(informed.length, 1)
    t.match(informed[0], `serial ${other.serial}`)
    for (const servername of ['localhost', 'elsewhere.example', '']) {
      t.equal((await visit(t, port, { servername })).serial, other.serial, `SNI "${servername}"`)
    }
    t.match(await openssl(['s_client', '-connect', `127.0.0.1:${port}`, '-noservername']), 'RSA')
    const echoed = live.map(({ socket }) => new Promise((resolve) => socket.once('data', resolve)))
    for (const { socket } of live) socket.write('still here')
    await Promise.all(echoed)
    t.equal(closed, 0)
    t.equal(secured.filter((socket) => !socket.destroyed).length >= LIVE, true)
    t.same([meters.reloads, meters.reloadsFailed], [1, 0])
    t.equal(tls.reload(), null, 'the same again is no change')
    t.equal(meters.reloads, 1)
  },
)

t.test('what cannot be used leaves what there was', skip, async (t) => {
  const files = makeCertificate(t)
  const other = makeCertificate(t)
  const { tls, meters } = loadTls(t, files)
  const { port } = await EchoPort.open(t, tls)
  const broken: [Partial<CertificateFiles>, RegExp][] = [
    [{ certificate: '' }, /tls\.crt holds no certificate in PEM form: it is empty$/],
    [{ certificate: other.certificate.slice(0, 300) }, /holds no certificate in PEM form/],
    [
      { certificate: other.certificate.replace(/[A-Za-z]{8}/g, 'AAAAAAAA').replace(/AAAAAAAA/, 'BEGINBAD') },
      /certificate/,
    ],
    [{ certificate: other.key, key: other.certificate }, /wrong way round\?$/],
    [{ key: other.key }, /the key in .+ does not belong to the certificate in /],
    [{ certificate: other.certificate + files.certificate }, /is not the first one in .+; the chain comes after it$/],
    [makeCertificate(t, { passphrase: 'sesame' }), /needs a passphrase.+: openssl pkey -in /],
  ]
  for (const [content, sentence] of broken) {
    replaceFile(files.certificateFile, content.certificate ?? files.certificate)
    replaceFile(files.keyFile, content.key ?? files.key)
    t.match(tls.reload(), sentence)
    t.equal((await visit(t, port)).serial, files.serial)
  }
  rmSync(files.keyFile)
  t.equal(tls.reload(), `tls.key: there is no file ${files.keyFile}`)
  mkdirSync(files.keyFile)
  t.equal(tls.reload(), `tls.key: ${files.keyFile} is not a file`)
  t.equal((await visit(t, port)).serial, files.serial)
  t.same([meters.reloads, meters.reloadsFailed], [0, broken.length + 2])
})

t.test('a changed pair is taken up by itself', skip, async (t) => {
  t.test('one file after the other, by rename and in place', async (t) => {
    const files = makeCertificate(t)
    const { tls, warned } = loadTls(t, files, { watch: true })
    for (const put of [replaceFile, writeFileSync]) {
      const next = makeCertificate(t)
      put(files.certificateFile, next.certificate)
      put(files.keyFile, next.key)
      await until('the new one', () => tls.current.serial === next.serial)
    }
    t.same(warned, [])
  })

  t.test('by links, as Kubernetes swaps a volume', async (t) => {
    const [first, second, third] = [makeCertificate(t), makeCertificate(t), makeCertificate(t)]
    const volume = t.testdir()
    const put = (folder: string, { certificate, key }: CertificateFiles): void => {
      mkdirSync(join(volume, folder))
      writeFileSync(join(volume, folder, 'tls.crt'), certificate)
      writeFileSync(join(volume, folder, 'tls.key'), key)
      symlinkSync(folder, join(volume, '..data_tmp'))
      renameSync(join(volume, '..data_tmp'), join(volume, '..data'))
    }
    put('..1', first)
    const certificateFile = join(volume, 'tls.crt')
    const keyFile = join(volume, 'tls.key')
    symlinkSync('..data/tls.crt', certificateFile)
    symlinkSync('..data/tls.key', keyFile)
    const { tls, warned, meters } = loadTls(t, { ...first, certificateFile, keyFile }, { watch: true })
    t.equal(tls.current.serial, first.serial)
    put('..2', second)
    rmSync(join(volume, '..1'), { recursive: true })
    await until('the second', () => tls.current.serial === second.serial)
    put('..3', third)
    rmSync(join(volume, '..2'), { recursive: true })
    await until('the third', () => tls.current.serial === third.serial)
    t.same(warned, [])
    t.equal(meters.reloads, 2)
  })

  t.test('a folder that is replaced as a whole', async (t) => {
    const [first, second] = [makeCertificate(t), makeCertificate(t)]
    const above = t.testdir({ old: {}, new: {} })
    const put = (folder: string, { certificate, key }: CertificateFiles): void => {
      writeFileSync(join(above, folder, 'tls.crt'), certificate)
      writeFileSync(join(above, folder, 'tls.key'), key)
    }
    put('old', first)
    put('new', second)
    symlinkSync('old', join(above, 'live'))
    const paths = { certificateFile: join(above, 'live', 'tls.crt'), keyFile: join(above, 'live', 'tls.key') }
    const { tls } = loadTls(t, { ...first, ...paths }, { watch: true })
    symlinkSync('new', join(above, 'live.next'))
    renameSync(join(above, 'live.next'), join(above, 'live'))
    await until('the second', () => tls.current.serial === second.serial)
    t.equal(tls.current.serial, second.serial)
  })

  t.test('what does not fit for long is said once, and taken up when it does', async (t) => {
    const files = makeCertificate(t)
    const next = makeCertificate(t)
    const { tls, meters, warned } = loadTls(t, files, { watch: true }, 300)
    replaceFile(files.certificateFile, next.certificate)
    await until('the warning', () => warned.length > 0)
    t.match(warned[0], /^tls\.key: the key in .+ does not belong .+; the certificate read before stays in use$/)
    t.equal(tls.current.serial, files.serial)
    t.equal(meters.reloadsFailed, 1)
    replaceFile(files.keyFile, next.key)
    await until('the new one', () => tls.current.serial === next.serial)
    t.equal(warned.length, 1)
  })
})
