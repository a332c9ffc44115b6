import type { TemplatedApp } from 'uWebSockets.js'
import type { TlsOptions } from '../tls/options.js'
import { CIPHERS } from '../tls/tls.js'

type Uws = typeof import('uWebSockets.js')

/**
 * uWebSockets.js cannot be told versions of TLS, but the ciphers of 1.2, while those of 1.3 are fixed. This one needs a key shared beforehand, which we
 * have with nobody: a handshake of 1.2 finds nothing in common and fails, as it should.
 */
const CIPHERS_WITHOUT_TLS_1_2 = 'ECDHE-PSK-CHACHA20-POLY1305'
const CIPHERS_OF_TLS_1_2 = CIPHERS.split(':')
  .filter((name) => !name.startsWith('TLS_'))
  .join(':')

/**
 * An app that speaks TLS with what the files hold now.
 * @throws Error with a sentence for the operator
 */
export function makeSecureApp(uws: Uws, { certificate, key, minVersion }: TlsOptions): TemplatedApp {
  try {
    return uws.SSLApp({
      cert_file_name: certificate,
      key_file_name: key,
      ssl_ciphers: minVersion === '1.3' ? CIPHERS_WITHOUT_TLS_1_2 : CIPHERS_OF_TLS_1_2,
    })
  } catch {
    throw new Error(
      `uWebSockets.js does not take the certificate ${certificate} with the key ${key}: ` +
        'it knows RSA, ECDSA over P-256, P-384 and P-521, and Ed25519; listen.engine = "node" knows more',
    )
  }
}
