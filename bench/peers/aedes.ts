import type { Subject } from '../subjects/subject.js'
import { startScript, versionOfPackage } from './script.js'

export const aedes: Subject = {
  name: 'aedes',
  label: 'aedes (MQTT, QoS 0)',
  wire: 'mqtt',
  settings: 'defaults, in memory',
  probe: () => versionOfPackage('aedes'),
  start: ({ core }) => startScript(core, new URL('./aedes-server.js', import.meta.url)),
}
