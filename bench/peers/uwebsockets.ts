import type { Subject } from '../subjects/subject.js'
import { startScript, versionOfNative } from './script.js'

export const uWebSockets: Subject = {
  name: 'uwebsockets',
  label: 'uWebSockets.js publish',
  wire: 'messages',
  settings: 'its own subscribe and publish; no compression; maxBackpressure 64 MiB, as it drops what is beyond',
  probe: () => versionOfNative('uWebSockets.js'),
  start: ({ core }) => startScript(core, new URL('./uwebsockets-server.js', import.meta.url)),
}
