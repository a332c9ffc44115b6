import type { Subject } from '../subjects/subject.js'
import { startScript, versionOfPackage } from './script.js'

/** What a service would write that takes an event by HTTP: a route that parses JSON and answers 202. */
export const fastify: Subject = {
  name: 'fastify',
  label: 'bare Fastify route',
  wire: 'sluice',
  settings: 'POST /v1/topics/:topic, parses the JSON body, answers 202; logger off',
  probe: () => versionOfPackage('fastify'),
  start: ({ core }) => startScript(core, new URL('./fastify-server.js', import.meta.url)),
}
