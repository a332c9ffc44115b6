import type { Connection } from '../generator/connection.js'
import { clientMessage } from '../generator/websocket.js'

const OPCODE_TEXT = 1

export function textMessage(text: string): Buffer {
  return clientMessage([Buffer.from(text)], OPCODE_TEXT)
}

export function sendText(connection: Connection, text: string): void {
  connection.write(textMessage(text))
}

/** Waits for a text; what came before it is passed over. */
export function awaitText(connection: Connection, text: string): Promise<void> {
  return connection.until(text, (bytes) => {
    const at = bytes.indexOf(text)
    return at < 0 ? -1 : at + text.length
  })
}
