import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Certified {
  readonly certFile: string
  readonly keyFile: string
  readonly cert: string
  readonly key: string
}

interface IssueOptions {
  /** As in a subjectAltName. */
  names?: string
  days?: number
  /** As openssl has it: the most general first. */
  subject?: string
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** A certificate authority that lives as long as a test. What signs itself: certificates.ts. */
export class Authority {
  readonly caFile: string
  readonly ca: string
  private readonly folder = mkdtempSync(join(tmpdir(), 'sluice-pki-'))
  private issued = 0

  constructor(t: { teardown(run: () => unknown): void }) {
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }))
    this.caFile = this.path('ca.pem')
    this.openssl('req', '-x509', ...KEY, '-keyout', this.path('ca.key'), '-out', this.caFile, '-subj', '/CN=test CA')
    this.ca = readFileSync(this.caFile, 'utf8')
  }

  private path(name: string): string {
    return join(this.folder, name)
  }

  private openssl(...words: string[]): void {
    execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  }

  /** A certificate of this authority. `days: 0` has expired when it is used. */
  issue({
    names = 'DNS:localhost,IP:127.0.0.1,IP:::1',
    days = 2,
    subject = '/CN=daemon',
  }: IssueOptions = {}): Certified {
    const [certFile, keyFile, request, extensions] = this.paths()
    this.openssl('req', ...KEY, '-keyout', keyFile, '-out', request, '-subj', subject, '-utf8')
    writeFileSync(extensions, `subjectAltName=${names}\n`)
    const by = ['-CA', this.caFile, '-CAkey', this.path('ca.key'), '-CAcreateserial']
    const ends = ['-days', String(days), '-extfile', extensions]
    this.openssl('x509', '-req', '-in', request, ...by, '-out', certFile, ...ends)
    return read(certFile, keyFile)
  }

  /** A list of those that have been revoked so far, in a file. */
  crl(name: string, ...revoked: Certified[]): string {
    const [config, index, list] = [this.path('ca.cnf'), this.path('index.txt'), this.path(name)]
    const section = ['[ca]', 'default_ca=own', '[own]', `database=${index}`, 'default_md=sha256', 'default_crl_days=2']
    writeFileSync(config, `${section.join('\n')}\n`)
    writeFileSync(index, '', { flag: 'a' })
    const by = ['ca', '-config', config, '-cert', this.caFile, '-keyfile', this.path('ca.key')]
    for (const { certFile } of revoked) this.openssl(...by, '-revoke', certFile)
    this.openssl(...by, '-gencrl', '-out', list)
    return list
  }

  private paths(): string[] {
    const number = this.issued++
    return ['pem', 'key', 'csr', 'ext'].map((ending) => this.path(`${number}.${ending}`))
  }
}

function read(certFile: string, keyFile: string): Certified {
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}
