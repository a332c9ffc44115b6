import { createServer } from 'node:net'

/** Why a port could not be bound, in words for the operator. */
export function listenFailure({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'something else is listening there'
    case 'EADDRNOTAVAIL':
      return "the address is not this machine's"
    case 'EACCES':
      return 'this user may not take that port'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no such host'
    default:
      return message
  }
}

/** For engines that only say that they failed: tries to bind the same address, and lets go of it. Resolves to the reason. */
export function whyNotBound(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(listenFailure(error)))
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => resolve('something else was listening there, and has just gone: try again'))
    })
  })
}
