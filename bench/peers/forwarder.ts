import type { Subject } from '../subjects/subject.js'
import { startScript, versionOfNative } from './script.js'

/** The limit: what is left of a bus when bytes go from socket to socket and nothing looks at them. */
export const forwarder: Subject = {
  name: 'forwarder',
  label: 'byte forwarder on uWebSockets.js',
  wire: 'forwarder',
  settings: 'no topics, no lanes, no limits: what came in a turn goes to each subscriber in one message',
  probe: () => versionOfNative('uWebSockets.js'),
  start: ({ core }) => startScript(core, new URL('./forwarder-server.js', import.meta.url)),
}
