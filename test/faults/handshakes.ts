import { connect } from 'node:tls'

/** A child process that opens many TLS connections in one moment, as clients do that have lost theirs. */
const [port, size] = process.argv.slice(2).map(Number)

process.send?.('begin')
const secured = await Promise.all(
  Array.from({ length: size }, () => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    return new Promise<boolean>((resolve) => {
      socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false))
    })
  }),
)
process.send?.(secured.filter(Boolean).length)
// It stays until it is ended: connections that go would be work for the daemon, too.
setInterval(() => {}, 1000)
