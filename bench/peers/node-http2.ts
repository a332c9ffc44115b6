import type { Subject } from '../subjects/subject.js'
import { startScript } from './script.js'

/** The least that a service on node:http2 does: reads the body, answers 202. */
export const nodeHttp2: Subject = {
  name: 'node-http2',
  label: 'bare node:http2 handler',
  wire: 'sluice',
  settings: "a 'stream' listener that reads a body and answers 202, and leaves the answer to GET open",
  probe: () => ({ version: `Node ${process.version}` }),
  start: ({ core }) => startScript(core, new URL('./node-http2-server.js', import.meta.url)),
}
