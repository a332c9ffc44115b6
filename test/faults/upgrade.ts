import { SUBPROTOCOL_MSGPACK } from '../../src/protocol/ops.js'

/** The request of a crowd that speaks msgpack over WebSocket: a key of RFC 6455, since nobody looks at the answer to it. */
export const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Protocol: ${SUBPROTOCOL_MSGPACK}`,
  '',
  '',
].join('\r\n')
