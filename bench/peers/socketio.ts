import type { Subject } from '../subjects/subject.js'
import { startScript, versionOfPackage } from './script.js'

export const socketIo: Subject = {
  name: 'socketio',
  label: 'socket.io',
  wire: 'socketio',
  settings:
    'WebSocket only, no compression (its default), no heartbeat; a topic is a room, payloads are binary attachments',
  probe: () => versionOfPackage('socket.io'),
  start: ({ core }) => startScript(core, new URL('./socketio-server.js', import.meta.url)),
}
