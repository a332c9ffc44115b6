import type { Connection } from '../generator/connection.js'
import { isWildcard, type Wire } from './wire.js'

/**
 * RESP (redis.io, "Redis serialization protocol"). Publishers switch replies off, the documented way to pipeline
 * without reading them; switching them on again at the end is the sync, as commands are answered in order.
 */
export const redisWire: Wire = {
  name: 'redis',
  carrier: 'none',
  subprotocol: null,

  async open(connection, role) {
    connection.send(command('PING'))
    await awaitText(connection, '+PONG\r\n')
    if (role === 'publisher') connection.send(command('CLIENT', 'REPLY', 'OFF'))
  },

  async subscribe(connection, pattern) {
    connection.send(isWildcard(pattern) ? command('PSUBSCRIBE', glob(pattern)) : command('SUBSCRIBE', pattern))
    await awaitText(connection, ':1\r\n')
  },

  async sync(connection) {
    connection.send(command('CLIENT', 'REPLY', 'ON'))
    await awaitText(connection, '+OK\r\n')
  },

  publication(topic, _lane, payload) {
    return array([Buffer.from('PUBLISH'), Buffer.from(topic), payload])
  },

  delivery(topic, _lane, payload, pattern) {
    return isWildcard(pattern)
      ? array([Buffer.from('pmessage'), Buffer.from(glob(pattern)), Buffer.from(topic), payload])
      : array([Buffer.from('message'), Buffer.from(topic), payload])
  },

  noticeEnd: () => 0,
  churn: () => null,
}

function glob(pattern: string): string {
  return pattern.replace(/>$/, '*')
}

function command(...words: string[]): Buffer {
  return array(words.map((word) => Buffer.from(word)))
}

function array(items: Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${items.length}\r\n`)]
  for (const item of items) parts.push(Buffer.from(`$${item.length}\r\n`), item, Buffer.from('\r\n'))
  return Buffer.concat(parts)
}

function awaitText(connection: Connection, text: string): Promise<void> {
  return connection.until(text.trim(), (bytes) => {
    const all = bytes.toString('latin1')
    if (all.startsWith('-')) throw new Error(`redis-server: ${all.slice(0, all.indexOf('\r'))}`)
    const at = all.indexOf(text)
    return at < 0 ? -1 : at + text.length
  })
}
