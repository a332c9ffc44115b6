import type { Config } from '../config/index.js'
import { expirySentence, expiryStage } from '../ingress/tls/expiry.js'
import type { TlsMeters } from '../ingress/tls/options.js'
import { readPair } from '../ingress/tls/pair.js'
import { Tls } from '../ingress/tls/tls.js'
import type { Logger } from './log.js'

/**
 * The certificate of all ports, kept as it is in its files.
 * @returns null when none is configured
 * @throws Error with a sentence for the operator
 */
export function loadCertificate({ tls }: Config, meters: TlsMeters, log: Logger): Tls | null {
  if (tls.certificate === '') return null
  return Tls.load(
    {
      certificate: tls.certificate,
      key: tls.key,
      minVersion: tls.minVersion,
      watch: tls.watch,
      ticketKeyFile: tls.ticketKeyFile,
      ticketRotationMs: tls.ticketRotationMs,
      handshakesMax: tls.handshakesMax,
      handshakeTimeoutMs: tls.handshakeTimeoutMs,
      inform: (sentence) => log.info(sentence),
      warn: (sentence) => log.warn(sentence),
    },
    meters,
  )
}

/** Reads the certificate again and says in the log what came of it. */
export function reloadCertificate(tls: Tls | null, log: Logger): void {
  if (tls === null) {
    log.info('reload: there is nothing to read again, as no certificate is configured')
    return
  }
  const { serial } = tls.current
  const problem = tls.reload()
  if (problem !== null) log.error(`reload: ${problem}; the certificate read before stays in use`)
  else if (tls.current.serial === serial) log.info({ serial }, 'reload: the certificate is the one in use')
}

/**
 * Reads certificate and key as the daemon would, and keeps nothing.
 * @returns what it would warn of, in sentences
 * @throws Error with a sentence for the operator
 */
export function inspectCertificate({ tls }: Config): readonly string[] {
  if (tls.certificate === '') return []
  const pair = readPair(tls.certificate, tls.key)
  const now = Date.now()
  return expiryStage(pair, now) === 0 ? pair.doubts : [...pair.doubts, expirySentence(pair, now, tls.certificate)]
}
