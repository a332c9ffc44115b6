/** A TLS record's head: type, version, length (RFC 8446, 5.1). */
const HEAD_BYTES = 5
const HANDSHAKE = 22
const VERSION_MAJOR = 3
/** Of a plaintext record (RFC 8446, 5.1); a hello with a certificate's worth of tickets stays below a quarter. */
export const HELLO_BYTES_MAX = HEAD_BYTES + 16_384

/** How methods of HTTP begin. */
const isCapital = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a

/**
 * What a client that should speak first has said so far. Only the outermost layer is looked at, so that no handshake is begun for those who
 * say half a word.
 */
export function judgeHello(bytes: Buffer): 'incomplete' | 'complete' | 'http' | 'not_tls' {
  if (bytes.length === 0) return 'incomplete'
  if (bytes[0] !== HANDSHAKE) return isCapital(bytes[0]) ? 'http' : 'not_tls'
  if (bytes.length > 1 && bytes[1] !== VERSION_MAJOR) return 'not_tls'
  if (bytes.length < HEAD_BYTES) return 'incomplete'
  const length = HEAD_BYTES + bytes.readUInt16BE(3)
  if (length > HELLO_BYTES_MAX) return 'not_tls'
  return bytes.length < length ? 'incomplete' : 'complete'
}
