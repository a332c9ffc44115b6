import t from 'tap'
import type { Session } from '../../../src/core/session.js'
import { SessionCensus } from '../../../src/observe/main/session-census.js'

/** All that a census looks at. */
function session(transport: string): Session {
  return { peer: { listener: '', transport, address: '' } } as Session
}

t.test('few sessions are seen in one sweep, and those that have gone are zero', (t) => {
  const sessions = new Map([
    [1, session('websocket')],
    [2, session('sse')],
    [3, session('websocket')],
  ])
  const census = new SessionCensus(sessions)
  t.same([...census.byTransport], [])
  census.sweep()
  t.same([...census.byTransport].sort(), [
    ['sse', 1],
    ['websocket', 2],
  ])
  sessions.delete(2)
  census.sweep()
  t.same([...census.byTransport].sort(), [
    ['sse', 0],
    ['websocket', 2],
  ])
  t.end()
})

t.test('many take several sweeps, each of a bounded part', (t) => {
  const sessions = new Map(Array.from({ length: 40_000 }, (_, id) => [id, session('websocket')]))
  const census = new SessionCensus(sessions)
  let sweeps = 0
  while (census.byTransport.size === 0) {
    census.sweep()
    sweeps++
  }
  t.equal(census.byTransport.get('websocket'), 40_000)
  t.ok(sweeps > 30 && sweeps < 40, `${sweeps} sweeps`)
  t.end()
})
