import type { Config } from '../config/index.js'
import { readClients } from '../ingress/tls/clients.js'
import { expirySentence, expiryStage } from '../ingress/tls/expiry.js'
import type { TlsMeters } from '../ingress/tls/options.js'
import { readPair } from '../ingress/tls/pair.js'
import { Tls } from '../ingress/tls/tls.js'
import type { Logger } from './log.js'
import type { Reloadable } from './reload.js'

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
      clientCa: tls.clientCa,
      clientCrl: tls.clientCrl,
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

/** The certificate as a part that can be read again: its files, and how many handshakes there may be at a time. */
export function certificateReload(tls: Tls): Reloadable {
  return {
    prepare({ tls: { handshakesMax } }) {
      const takeUp = tls.prepare()
      return () => {
        tls.options.handshakesMax = handshakesMax
        takeUp()
      }
    },
  }
}

/**
 * Reads certificate and key as the daemon would, and keeps nothing.
 * @returns what it would warn of, in sentences
 * @throws Error with a sentence for the operator
 */
export function inspectCertificate({ tls }: Config): readonly string[] {
  if (tls.certificate === '') return []
  const pair = readPair(tls.certificate, tls.key)
  readClients(tls.clientCa, tls.clientCrl)
  const now = Date.now()
  return expiryStage(pair, now) === 0 ? pair.doubts : [...pair.doubts, expirySentence(pair, now, tls.certificate)]
}
