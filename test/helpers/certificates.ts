import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Teardown {
  teardown(run: () => unknown): void
}

export interface CertificateOptions {
  kind?: 'ec' | 'rsa' | 'ed25519'
  /** As in a subjectAltName. */
  names?: readonly string[]
  serial?: number
  /** Days from now until it expires; 0 has expired when it is used. */
  days?: number
  /** Encrypts the key. */
  passphrase?: string
}

/** A self-signed certificate, which is its own authority, and its key. */
export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
  readonly certificate: string
  readonly key: string
  /** Upper-case hexadecimal digits, as TLS libraries show it. */
  readonly serial: string
}

const KEYS = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
  ed25519: ['-newkey', 'ed25519'],
} as const

let lastSerial = 0x1000

/** For the `skip` of a test: what is missing, or false. */
export const opensslMissing: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'the openssl command is not installed'

function openssl(...words: string[]): void {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Makes one in a folder of its own, which goes at the end of the test. */
export function makeCertificate(t: Teardown, options: CertificateOptions = {}): CertificateFiles {
  const { kind = 'ec', names = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'], serial = ++lastSerial, days = 90 } = options
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [certificateFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  const secret = options.passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${options.passphrase}`]
  const about = ['-subj', '/CN=sluice test', '-addext', `subjectAltName=${names.join(',')}`]
  const terms = ['-set_serial', String(serial), '-days', String(Math.max(days, 1))]
  const files = ['-keyout', keyFile, '-out', certificateFile]
  openssl('req', '-x509', ...KEYS[kind], ...secret, ...about, ...terms, ...files)
  // Only this one knows how to make what is over.
  if (days === 0) openssl('x509', '-in', certificateFile, '-signkey', keyFile, '-days', '0', '-out', certificateFile)
  return {
    certificateFile,
    keyFile,
    certificate: readFileSync(certificateFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
    serial: serial.toString(16).toUpperCase(),
  }
}

/** Replaces a file in one step, as tools that renew certificates do. */
export function replaceFile(path: string, content: string): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Puts a certificate and its key in the place of others, one after the other. */
export function replaceCertificate(files: CertificateFiles, by: CertificateFiles): void {
  replaceFile(files.certificateFile, by.certificate)
  replaceFile(files.keyFile, by.key)
}
