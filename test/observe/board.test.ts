import t from 'tap'
import { BOARD_BYTES, Board } from '../../src/observe/board.js'

t.test('what one side writes, the other reads', (t) => {
  const memory = new SharedArrayBuffer(BOARD_BYTES)
  const here = new Board(memory)
  const there = new Board(memory)
  t.same([there.phase, there.isOverloaded, there.samplesSeen, there.beatAt], ['starting', false, 0, 0])
  for (const phase of ['ready', 'draining', 'stopped', 'starting'] as const) {
    here.phase = phase
    t.equal(there.phase, phase)
  }
  here.isOverloaded = true
  here.samplesSeen = 3
  here.beatAt = 1234.5
  here.noteCanary(2345.25, 0.125)
  t.same(
    [there.isOverloaded, there.samplesSeen, there.beatAt, there.canaryAt, there.canaryWayMs],
    [true, 3, 1234.5, 2345.25, 0.125],
  )
  t.equal(there.phase, 'starting', 'nothing overlaps')
  t.end()
})
