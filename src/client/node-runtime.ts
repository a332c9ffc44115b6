import { Dialer, type TlsOptions } from './node-dial.js'
import { http2Sockets } from './node-http2-socket.js'
import { webSockets } from './node-socket.js'
import { commonRuntime, type Runtime } from './runtime.js'
import { shownUrl } from './url.js'

const SECURE = /^(wss|https):/i

/** What runs in Node: the URL's scheme says how to connect. @throws TypeError for `tls` that cannot be used */
export function nodeRuntime(urls: readonly string[], tls: TlsOptions | undefined): Runtime {
  const plain = tls === undefined ? undefined : urls.find((url) => !SECURE.test(url))
  if (plain !== undefined)
    throw new TypeError(`tls is given, but ${shownUrl(plain)} is not encrypted: say wss:// or https://`)
  const dialer = new Dialer(tls)
  const openWebSocket = webSockets(dialer)
  const openHttp2 = http2Sockets(dialer)
  return {
    ...commonRuntime,
    openSocket: (url, subprotocol, events) =>
      (/^https?:/i.test(url) ? openHttp2 : openWebSocket)(url, subprotocol, events),
  }
}
