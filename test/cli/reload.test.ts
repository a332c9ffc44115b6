import t from 'tap'
import { type CertificateFiles, makeCertificate, opensslMissing, replaceCertificate } from '../helpers/certificates.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { until } from '../helpers/until.js'

const flagsFor = ({ certificateFile, keyFile }: CertificateFiles, watch: boolean) => ({
  'tls.certificate': certificateFile,
  'tls.key': keyFile,
  'tls.watch': String(watch),
  'https.port': '0',
})

const said = (daemon: DaemonProcess, what: RegExp): Promise<void> =>
  until(`${what} in the log`, () => daemon.logs.some(({ msg }) => what.test(msg)))

t.test(
  'SIGHUP takes up another certificate, and leaves the one in use where it cannot',
  { skip: opensslMissing },
  async (t) => {
    const files = makeCertificate(t)
    const daemon = await DaemonProcess.start(t, flagsFor(files, false))
    daemon.signal('SIGHUP')
    await said(daemon, /^reload: the certificate is the one in use$/)
    const other = makeCertificate(t)
    replaceCertificate(files, { ...other, key: 'no key' })
    daemon.signal('SIGHUP')
    await said(
      daemon,
      /^reload: tls\.key: .+ holds no private key in PEM form; the certificate read before stays in use$/,
    )
    replaceCertificate(files, other)
    daemon.signal('SIGHUP')
    await said(daemon, new RegExp(`^new certificate from .+: serial ${other.serial}, for localhost, 127\\.0\\.0\\.1, `))
    t.ok(daemon.isRunning)
    daemon.signal('SIGTERM')
    t.same(await daemon.exited, { code: 0, signal: null }, 'nothing of it keeps the process alive')
  },
)

t.test('without a certificate there is nothing to read again', async (t) => {
  const daemon = await DaemonProcess.start(t)
  daemon.signal('SIGHUP')
  await said(daemon, /^reload: there is nothing to read again/)
  t.ok(daemon.isRunning)
})

t.test('a certificate that cannot be used is said before the daemon starts', { skip: opensslMissing }, async (t) => {
  const files = makeCertificate(t)
  const start = DaemonProcess.start(t, { ...flagsFor(files, true), 'tls.key': '/nonexistent/tls.key' })
  await t.rejects(start, { message: /exited with 1 .*sluice: tls\.key: there is no file \/nonexistent\/tls\.key/s })
})
