import { Router } from '../../src/core/router.js'
import type { HttpExchange } from '../../src/ingress/http/exchange.js'
import { IngressMeters } from '../../src/ingress/ingress.js'
import { NodeIngress } from '../../src/ingress/node/node-ingress.js'
import { coreOptions } from '../helpers/core-options.js'
import { nodeOptions } from '../helpers/node-ingress.js'
import type { TargetReport } from './http2-target.js'

/** Does no more than it must, so that what is measured is the listener's. */
const router = new Router(coreOptions(), { now: () => performance.now(), schedule: setImmediate })
const meters = new IngressMeters()
let handled = 0
let answered = 0

/** What is answered, and when, is for the path to say. */
function handle(exchange: HttpExchange): void {
  handled++
  if (exchange.path === '/never') return
  if (exchange.path === '/big') {
    exchange.respond(200, {}, Buffer.alloc(100_000))
    return
  }
  if (exchange.path === '/events') {
    exchange.begin(200, { 'content-type': 'text/event-stream' })
    return
  }
  exchange.receive({
    chunk() {},
    end() {
      answered++
      exchange.respond(202, {})
    },
  })
}

const ingress = new NodeIngress(router, { handle }, nodeOptions(JSON.parse(process.argv[2])), meters, null)
const port = await ingress.listen('127.0.0.1', 0)

process.on('message', () => {
  // What is merely not collected yet is not what anybody made it hold.
  globalThis.gc?.()
  const report: TargetReport = {
    handled,
    answered,
    connections: ingress.connections,
    hostile: Object.fromEntries(meters.hostile),
    residentBytes: process.memoryUsage.rss(),
  }
  process.send?.(report)
})
process.on('disconnect', () => process.exit())
process.send?.(port)
