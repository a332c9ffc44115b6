/** Why handshakes fail: the whole list, for metrics. */
export type FailureReason =
  | 'timeout'
  | 'overload'
  | 'not_tls'
  | 'version'
  | 'no_shared_cipher'
  | 'no_shared_protocol'
  | 'certificate_refused'
  | 'client_certificate'
  | 'client_abort'
  | 'other'

const BY_CODE: readonly (readonly [RegExp, FailureReason])[] = [
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW|INAPPROPRIATE_FALLBACK|UNKNOWN_PROTOCOL/, 'version'],
  [/NO_SHARED_CIPHER|NO_SUITABLE_|NO_SHARED_(GROUP|SIGNATURE)/, 'no_shared_cipher'],
  [/NO_APPLICATION_PROTOCOL/, 'no_shared_protocol'],
  // The client's alert after it saw the certificate.
  [
    /ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE|DECRYPT_ERROR|ACCESS_DENIED)/,
    'certificate_refused',
  ],
  [/HTTP_REQUEST|WRONG_VERSION_NUMBER|HTTPS_PROXY_REQUEST/, 'not_tls'],
  [/^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED)$|ALERT_(CLOSE_NOTIFY|USER_CANCELLED)|UNEXPECTED_EOF/, 'client_abort'],
]

/** @param error of node:tls before the handshake was complete */
export function reasonOf(error: NodeJS.ErrnoException): FailureReason {
  const code = error.code ?? ''
  return BY_CODE.find(([pattern]) => pattern.test(code))?.[1] ?? 'other'
}
