import type { Subject } from '../subjects/subject.js'
import { startScript, versionOfPackage } from './script.js'

/** What a service would write that passes messages on: sockets by topic. */
export const ws: Subject = {
  name: 'ws',
  label: 'broadcast on ws',
  wire: 'messages',
  settings: 'defaults, which are without compression; a Map from topic to sockets, messages are sent on as they came',
  probe: () => versionOfPackage('ws'),
  start: ({ core }) => startScript(core, new URL('./ws-server.js', import.meta.url)),
}
