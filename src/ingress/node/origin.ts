import type { Socket } from 'node:net'
import type { ProxiedClient } from '../proxy-protocol.js'

/** Clients behind connections of proxies, as these have told by the PROXY protocol. */
const TOLD = new WeakMap<Socket, ProxiedClient>()

/** A proxy that is trusted has said whom a socket stands for. */
export function setOrigin(socket: Socket, client: ProxiedClient): void {
  TOLD.set(socket, client)
}

/** What is known of one socket holds for the one that was made of it. */
export function passOrigin(from: Socket, to: Socket): void {
  const client = TOLD.get(from)
  if (client !== undefined) TOLD.set(to, client)
}

/** Whose a socket is; '' and 0 when it is closed: nobody knows any more then. */
export function originOf(socket: Socket): ProxiedClient {
  return TOLD.get(socket) ?? { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
}
