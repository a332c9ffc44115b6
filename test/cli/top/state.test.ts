import t from 'tap'
import { sorted } from '../../../src/cli/top/blocks/subscribers.js'
import { picture } from '../../../src/cli/top/layout.js'
import { plainText } from '../../../src/cli/top/spans.js'
import { keysOf, TopState } from '../../../src/cli/top/state.js'
import { statsOf } from '../../../src/cli/top/stats-shape.js'
import { busyStats } from '../../helpers/stats.js'

function started(): TopState {
  const state = new TopState('ws://h', true)
  state.take(busyStats({ sequence: 1 }))
  return state
}

t.test('frozen: figures come in and are not shown; then the latest are', async (t) => {
  const state = started()
  t.equal(state.press(' '), 'redraw')
  state.take(busyStats({ sequence: 2, sessions: 99 }))
  t.equal(state.view.isFrozen, true)
  t.equal(state.view.stats?.sequence, 1)
  t.equal(state.view.history.points.length, 1)
  t.match(plainText(picture(state.view, 80, 24)[0]), /FROZEN$/)
  state.press(' ')
  t.equal(state.view.isFrozen, false)
  t.equal(state.view.stats?.sessions, 99)
  t.equal(state.view.history.points.length, 2, 'what happened meanwhile is in the history')
})

t.test('the slowest subscribers by every column, both ways', async (t) => {
  const state = started()
  const [slow] = busyStats().slow
  const rows = [
    { ...slow, session: 1, name: 'b', pendingBytes: 3, pendingEvents: 1, dropped: 2, blockedMs: 0 },
    { ...slow, session: 2, name: 'a', pendingBytes: 1, pendingEvents: 3, dropped: 2, blockedMs: 5 },
    { ...slow, session: 3, name: 'c', pendingBytes: 2, pendingEvents: 2, dropped: 9, blockedMs: 9 },
  ]
  const order = (): string => {
    const { order, isReversed } = state.view
    return `${order} ${sorted(rows, order, isReversed)
      .map(({ session }) => session)
      .join('')}`
  }
  const seen = [order()]
  for (const key of 'sssss') {
    state.press(key)
    seen.push(order())
  }
  t.same(seen, ['pending 132', 'events 231', 'dropped 312', 'blocked 321', 'name 213', 'pending 132'])
  state.press('S')
  t.equal(order(), 'pending 231')
  t.match(picture(state.view, 80, 24).map(plainText).join('\n'), 'pending▲')
})

t.test('pages, and what keys ask for', async (t) => {
  const state = started()
  for (const [key, page] of [
    ['l', 'lanes'],
    ['?', 'help'],
    ['h', 'overview'],
    ['?', 'help'],
    ['\u001b', 'overview'],
  ]) {
    state.press(key)
    t.equal(state.view.page, page)
  }
  t.same(
    ['q', '\u0003', '\u001a', '\u000c', 'x', '\u001b[A'].map((key) => state.press(key)),
    ['quit', 'interrupt', 'suspend', 'redraw', 'nothing', 'nothing'],
  )
  t.same(keysOf('ls\u001b[A\u001bOP\u001b[<0;1;2Mq\u001b'), [
    'l',
    's',
    '\u001b[A',
    '\u001bOP',
    '\u001b[<0;1;2M',
    'q',
    '\u001b',
  ])
})

t.test('the past: seconds that are missing are empty, another process begins anew, ten minutes are kept', async (t) => {
  const state = started()
  const { at } = busyStats()
  state.take(busyStats({ sequence: 1 }))
  t.equal(state.history.points.length, 1, 'told twice, taken once')
  state.take(busyStats({ sequence: 4 }))
  t.same(
    state.history.points.map((point) => point?.at ?? null),
    [at, null, null, at],
  )
  state.take(busyStats({ sequence: 1, server: { ...busyStats().server, pid: 1 } }))
  t.same(state.history.points.at(-2), null)
  for (let sequence = 2; sequence < 700; sequence++) {
    state.take(busyStats({ sequence, server: { ...busyStats().server, pid: 1 } }))
  }
  t.equal(state.history.points.length, 600)
  t.ok(state.history.points.at(-1))
})

t.test('figures of another version are not taken for ours', async (t) => {
  const stats = busyStats()
  t.equal(statsOf(stats), stats)
  t.ok(statsOf({ ...stats, more: 1 }), 'more is welcome')
  const { loop: _, ...less } = stats
  for (const value of [null, 1, 'x', [], {}, less, { ...stats, lanes: {} }, { ...stats, rates: [] }]) {
    t.equal(statsOf(value), null)
  }
})

t.test('what was before the first figures stands before them', async (t) => {
  const state = started()
  const { at } = busyStats()
  const ago = (seconds: number) => busyStats({ at: at - seconds * 1000 })
  state.history.precede([ago(5), ago(4), ago(2), ago(1), ago(0)])
  t.same(
    state.history.points.map((point) => (point === null ? null : (at - point.at) / 1000)),
    [5, 4, null, 2, 1, 0],
    'a second that is missing is empty, one that is here already is not doubled',
  )
  state.history.precede(Array.from({ length: 900 }, (_, index) => ago(906 - index)))
  t.equal(state.history.points.length, 600)
  t.equal(state.history.points.at(-1)?.at, at)
})
