import t from 'tap'
import { BOARD_BYTES, Board } from '../../../src/observe/board.js'
import { isRouting, liveness, readiness, SILENCE_MAX_MS } from '../../../src/observe/health/verdict.js'

const NOW = 100_000

function board(of: { beatAgoMs?: number; canaryAgoMs?: number; phase?: Board['phase'] } = {}): Board {
  const board = new Board(new SharedArrayBuffer(BOARD_BYTES))
  board.phase = of.phase ?? 'ready'
  board.beatAt = NOW - (of.beatAgoMs ?? 100)
  board.noteCanary(NOW - (of.canaryAgoMs ?? 100), 0.25)
  return board
}

t.test('a daemon whose canaries arrive is live and ready, and says by which figures', (t) => {
  const figures = { phase: 'ready', canary: { agoMs: 100, tookMs: 0.25 }, loop: { agoMs: 100 } }
  t.same(liveness(board(), NOW), { ok: true, body: { status: 'live', ...figures } })
  t.same(readiness(board(), NOW, false), { ok: true, body: { status: 'ready', ...figures } })
  t.ok(isRouting(board({ beatAgoMs: SILENCE_MAX_MS, canaryAgoMs: SILENCE_MAX_MS }), NOW), 'right up to the bound')
  t.end()
})

t.test('a loop that stands still and a router that lets nothing through are told apart', (t) => {
  const still = board({ beatAgoMs: 2600, canaryAgoMs: 2600 })
  t.match(liveness(still, NOW), { ok: false, body: { status: 'dead', reason: /stands still.* 2\.6 s ago/ } })
  t.match(readiness(still, NOW, false), { ok: false, body: { status: 'not ready', reason: /stands still/ } })
  const closed = board({ canaryAgoMs: 2600 })
  t.match(liveness(closed, NOW), { ok: false, body: { status: 'dead', reason: /nothing is routed.* 2\.6 s/ } })
  t.notOk(isRouting(closed, NOW))
  t.end()
})

t.test('ready in one phase only, and not when overloaded', (t) => {
  for (const phase of ['starting', 'draining', 'stopped'] as const) {
    t.match(readiness(board({ phase }), NOW, false), { ok: false, body: { reason: phase, phase } })
    t.ok(liveness(board({ phase }), NOW).ok, phase)
  }
  t.match(readiness(board(), NOW, true), { ok: false, body: { reason: /overloaded/ } })
  t.ok(
    liveness(board({ phase: 'stopped', beatAgoMs: 10_000, canaryAgoMs: 10_000 }), NOW).ok,
    'it has stopped on purpose',
  )
  t.end()
})
