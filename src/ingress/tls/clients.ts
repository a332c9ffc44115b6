import { createHash } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { causeOf } from '../../base/cause.js'
import { readNamed } from '../../base/named-file.js'
import { chainOf, PEM_BYTES_MAX } from './pair.js'

const CRL = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/

/** Which certificates of clients are good: what OpenSSL takes of the files. */
export interface Clients {
  /** Certificates of the authorities, PEM. */
  readonly ca: Buffer
  /** Lists of what they have revoked, PEM; null: none. */
  readonly crl: Buffer | null
  /** Another one when either is another. */
  readonly digest: string
}

/**
 * @param caFile '' for none: no client is asked for a certificate then
 * @param crlFile '' for none
 * @throws Error with a sentence for the operator, which names the option
 */
export function readClients(caFile: string, crlFile: string): Clients | null {
  if (caFile === '') return null
  const ca = readNamed('tls.client_ca', caFile, PEM_BYTES_MAX)
  chainOf('tls.client_ca', caFile, ca)
  const crl = crlFile === '' ? null : readNamed('tls.client_crl', crlFile, PEM_BYTES_MAX)
  if (crl !== null && !CRL.test(crl.toString('latin1'))) {
    throw new Error(`tls.client_crl: ${crlFile} holds no list of revoked certificates in PEM form (X509 CRL)`)
  }
  try {
    createSecureContext({ ca, ...(crl !== null && { crl }) })
  } catch (error) {
    throw new Error(
      `tls.client_ca: OpenSSL does not take ${caFile}${crl === null ? '' : ` with ${crlFile}`}: ${causeOf(error)}`,
    )
  }
  const hash = createHash('sha256').update(ca)
  if (crl !== null) hash.update(crl)
  return { ca, crl, digest: hash.digest('hex') }
}
