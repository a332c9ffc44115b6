import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CertificateFiles } from './generator/null-server.js'

export interface TlsFiles extends CertificateFiles {
  /** The daemon makes it. */
  ticketKey: string
}

let made: TlsFiles | null = null

/** Why there can be no certificate here, or null. */
export function certificateProblem(): string | null {
  return spawnSync('openssl', ['version']).status === 0
    ? null
    : 'openssl is not installed (Debian: apt install openssl), which makes the certificate'
}

/** A certificate with an ECDSA P-256 key, made once and removed when the benchmark ends. */
export function certificateFiles(): TlsFiles {
  if (made !== null) return made
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const files = {
    certificate: join(folder, 'certificate.pem'),
    key: join(folder, 'key.pem'),
    ticketKey: join(folder, 'ticket.key'),
  }
  const { status, stderr } = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', files.key, '-out', files.certificate],
    ],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`openssl could not make a certificate: ${stderr}`)
  made = files
  return files
}
