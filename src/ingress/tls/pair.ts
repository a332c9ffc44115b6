import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { causeOf } from '../../base/cause.js'
import { readNamed } from '../../base/named-file.js'

/** A certificate with a long chain, and the largest of keys, take some ten thousand bytes. */
export const PEM_BYTES_MAX = 1_048_576
const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/
const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m

/** A certificate and its key, which fit each other and which OpenSSL takes. */
export interface Pair {
  /** The files' content, PEM; the certificate with its chain. */
  readonly cert: Buffer
  readonly key: Buffer
  /** Upper-case hexadecimal digits. */
  readonly serial: string
  /** Of the whole certificate, SHA-256, as `openssl x509 -fingerprint -sha256` shows it. */
  readonly fingerprint: string
  /** Hosts it is for; the subject's common name when it lists none. */
  readonly names: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
  /** What works, but less well than it should: a sentence for the operator each. */
  readonly doubts: readonly string[]
}

/** @throws Error with a sentence for the operator, which names the option */
export function readPair(certificateFile: string, keyFile: string): Pair {
  const cert = readNamed('tls.certificate', certificateFile, PEM_BYTES_MAX)
  const key = readNamed('tls.key', keyFile, PEM_BYTES_MAX)
  const chain = chainOf('tls.certificate', certificateFile, cert)
  const privateKey = privateKeyOf(keyFile, key)
  const [own, ...others] = chain
  if (!own.checkPrivateKey(privateKey)) {
    const later = others.some((other) => other.checkPrivateKey(privateKey))
    throw new Error(
      later
        ? `tls.certificate: the certificate that the key belongs to is not the first one in ${certificateFile}; the chain comes after it`
        : `tls.key: the key in ${keyFile} does not belong to the certificate in ${certificateFile}`,
    )
  }
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new Error(`tls.certificate: OpenSSL does not take ${certificateFile} with ${keyFile}: ${causeOf(error)}`)
  }
  return {
    cert,
    key,
    serial: own.serialNumber,
    fingerprint: own.fingerprint256,
    names: namesOf(own),
    notBefore: new Date(own.validFrom),
    notAfter: new Date(own.validTo),
    doubts: doubtsAbout(certificateFile, chain),
  }
}

/** @throws Error with a sentence for the operator */
export function chainOf(option: string, path: string, content: Buffer): X509Certificate[] {
  const blocks = content.toString('latin1').match(CERTIFICATE)
  if (blocks === null) throw new Error(`${option}: ${path} holds no certificate in PEM form${hintFor(content)}`)
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch (error) {
      throw new Error(`${option}: certificate ${index + 1} in ${path} cannot be parsed: ${causeOf(error)}`)
    }
  })
}

function privateKeyOf(path: string, content: Buffer): KeyObject {
  const text = content.toString('latin1')
  if (!PRIVATE_KEY.test(text)) {
    throw new Error(`tls.key: ${path} holds no private key in PEM form${hintFor(content)}`)
  }
  if (ENCRYPTED_KEY.test(text)) {
    throw new Error(
      `tls.key: the key in ${path} needs a passphrase, which nobody is there to type; ` +
        `write it without one: openssl pkey -in ${path} -out FILE`,
    )
  }
  try {
    return createPrivateKey(content)
  } catch (error) {
    throw new Error(`tls.key: the key in ${path} cannot be parsed: ${causeOf(error)}`)
  }
}

function hintFor(content: Buffer): string {
  if (content.length === 0) return ': it is empty'
  // The first byte of every DER sequence.
  if (content[0] === 0x30) return '; it looks like DER, which `openssl x509 -inform der` and `openssl pkey` convert'
  const text = content.toString('latin1')
  if (PRIVATE_KEY.test(text)) return ', but a private key: are tls.certificate and tls.key the wrong way round?'
  if (/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(text)) {
    return ', but a certificate: are tls.certificate and tls.key the wrong way round?'
  }
  return ''
}

function namesOf(certificate: X509Certificate): string[] {
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .map((name) => name.replace(/^[A-Za-z ]+:/, ''))
    .filter((name) => name !== '')
  if (names.length > 0) return names
  const common = /^CN=(.+)$/m.exec(certificate.subject)
  return common === null ? [] : [common[1]]
}

function doubtsAbout(path: string, chain: readonly X509Certificate[]): string[] {
  const doubts: string[] = []
  const own = chain[0]
  if (new Date(own.validFrom).getTime() > Date.now()) {
    doubts.push(`the certificate in ${path} is not valid before ${own.validFrom}: is the clock right?`)
  }
  const broken = chain.findIndex((each, index) => index + 1 < chain.length && !each.checkIssued(chain[index + 1]))
  if (broken >= 0) {
    doubts.push(
      `in ${path} certificate ${broken + 2} is not the issuer of certificate ${broken + 1}: clients that need the chain will refuse it`,
    )
  }
  return doubts
}
