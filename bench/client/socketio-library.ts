import { io } from 'socket.io-client'
import { type Reading, TOPIC } from './events.js'
import { type Library, nothingToAwait } from './library.js'

/** Bytes travel as its binary attachments, objects as its JSON. `emit` has no back-pressure. */
export const socketIoLibrary: Library = {
  package: 'socket.io-client',
  windowEvents: 8 * 1024,
  async connect(port) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] })
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', reject)
    })
    const publish = (payload: Buffer | Reading): true => {
      socket.emit('publish', TOPIC, payload)
      return true
    }
    const receive = async <T>(onEvent: (payload: T) => void) => {
      socket.on('event', (_topic: string, payload: T) => onEvent(payload))
      await new Promise<void>((resolve) => socket.emit('subscribe', TOPIC, resolve))
    }
    return {
      publishBytes: publish,
      publishObject: publish,
      ready: nothingToAwait,
      flush: () => new Promise((resolve) => socket.emit('sync', '', resolve)),
      receiveBytes: receive,
      receiveObjects: receive,
      close: async () => {
        socket.disconnect()
      },
    }
  },
}
