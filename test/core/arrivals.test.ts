import t from 'tap'
import { Arrivals } from '../../src/core/arrivals.js'

/** A loop that reads, works and waits, and messages that come to it at known times. */
class Loop {
  ms = 1000
  idle = 0
  /** How far off each told time of arrival was, milliseconds. */
  readonly errors: number[] = []
  readonly truths: number[] = []
  readonly arrivals: Arrivals
  private next = 0

  constructor(
    private readonly cameAt: readonly number[],
    /** Messages after which it looks again without having returned to the loop. */
    private readonly drainedAfter = 256,
    /** What a turn can read: what is more waits where it was sent. */
    private readonly readMax = Number.POSITIVE_INFINITY,
  ) {
    this.arrivals = new Arrivals({ now: () => this.ms, schedule: () => {}, idleMs: () => this.idle })
  }

  /** @param workMs of one message; @param hold how long the loop is held up at the end of a turn */
  run(workMs: number, hold: (turn: number) => number = () => 0): void {
    for (let turn = 0; this.next < this.cameAt.length; turn++) {
      const waitMs = this.cameAt[this.next] - this.ms
      if (waitMs > 0) {
        this.idle += waitMs
        this.ms += waitMs
      }
      const readyAt = this.ms
      for (
        let count = 0;
        count < this.readMax && (this.cameAt[this.next] ?? Number.POSITIVE_INFINITY) <= readyAt;
        count++
      ) {
        if (count % this.drainedAfter === 0) this.arrivals.look(this.ms)
        const told = this.arrivals.take(1)
        const truth = this.cameAt[this.next++]
        this.truths.push(this.ms - truth)
        this.errors.push(told - truth)
        this.ms += workMs
      }
      this.ms += hold(turn)
    }
  }

  /** The waits as they are told, sorted, at a share of all; beside the true ones. */
  waits(share: number): { told: number; truth: number } {
    const at = (waits: number[]) => waits.sort((a, b) => a - b)[Math.floor(share * (waits.length - 1))]
    return { told: at(this.truths.map((truth, i) => truth - this.errors[i])), truth: at([...this.truths]) }
  }
}

/** Evenly, but for some jitter that is the same in every run. */
function evenly(count: number, everyMs: number): number[] {
  return Array.from({ length: count }, (_, i) => 1000 + (i + ((i * 7919) % 13) / 26) * everyMs)
}

t.test('what a loop waited for came when it was read', async (t) => {
  const loop = new Loop(evenly(1000, 1))
  loop.run(0.01)
  t.ok(loop.errors.every((error) => Math.abs(error) < 1e-6))
})

t.test('what came while the loop stood still is told when it came', async (t) => {
  for (const readMax of [Number.POSITIVE_INFINITY, 64]) {
    // 100 messages a millisecond; each 30 ms the loop is held up for 5 ms, so that hundreds wait.
    let heldAt = 1000
    const loop = new Loop(evenly(30_000, 0.01), 256, readMax)
    loop.run(0.002, () => {
      if (loop.ms - heldAt < 30) return 0.01
      heldAt = loop.ms
      return 5
    })
    // Until it has once been found out how often messages come, none is told to have waited.
    const settled = loop.errors.slice(5000)
    const worst = Math.max(...settled.map(Math.abs))
    t.ok(worst < 0.5, `at most ${worst} ms off, of waits of 5 ms`)
    for (const share of [0.5, 0.9, 0.99]) {
      const { told, truth } = loop.waits(share)
      t.ok(Math.abs(told - truth) < 0.2 + truth * 0.1, `${share}: ${told} for ${truth}`)
    }
  }
})

t.test('nothing is told to have come after it was read, or before what came before it', async (t) => {
  for (const everyMs of [0.003, 0.01, 0.2]) {
    const came = evenly(5000, everyMs).map((ms, i) => ms + (i % 1000 < 300 ? -0.002 * (i % 300) : 0))
    const loop = new Loop(
      came.sort((a, b) => a - b),
      64,
    )
    const told: number[] = []
    let late = 0
    const take = loop.arrivals.take.bind(loop.arrivals)
    loop.arrivals.take = (messages) => {
      const first = take(messages)
      told.push(first)
      if (first > loop.ms) late++
      return first
    }
    loop.run(0.0025, (turn) => (turn % 50 === 0 ? 3 : 0))
    t.equal(late, 0)
    t.ok(told.every((at, i) => i === 0 || at >= told[i - 1]))
  }
})

t.test('a loop that never waits, as the rate goes down a little, does not fall behind', async (t) => {
  // At first it waits now and then, so that the rate is known; then each turn finds a few messages, for seconds.
  const known = evenly(10_000, 0.01)
  const from = known[known.length - 1]
  const slower = Array.from({ length: 200_000 }, (_, i) => from + (i + 1) * 0.0104)
  const loop = new Loop([...known, ...slower])
  loop.run(0.001, () => (loop.ms > from ? 0.03 : 0))
  const behind = loop.errors.slice(10_000).filter((error) => error < -0.2).length
  t.ok(behind < 100, `${behind} of 200,000 are told to have waited for long`)
})

t.test('when everybody stood still, those who come after it did not wait for long', async (t) => {
  const before = evenly(10_000, 0.01)
  const from = before[before.length - 1]
  // Nothing came in the 40 milliseconds in which the loop stood still.
  const after = Array.from({ length: 10_000 }, (_, i) => from + 40 + i * 0.01)
  let held = false
  const loop = new Loop([...before, ...after])
  loop.run(0.002, () => {
    if (held || loop.ms < from) return 0
    held = true
    return 40.05
  })
  const wrong = loop.errors.filter((error) => error < -0.1).length
  t.ok(wrong <= 100, `${wrong}: those of the first millisecond, of which nobody can know`)
})

t.test('a burst after silence has come when it was read', async (t) => {
  const bursts = Array.from({ length: 2000 }, (_, i) => 1000 + Math.floor(i / 200) * 500)
  const loop = new Loop(bursts, 64)
  loop.run(0.001)
  t.ok(
    loop.errors.every((error) => error >= -1e-6 && error < 0.25),
    'no earlier than it did',
  )
})

t.test('where nobody knows whether the loop has waited, what is read has come just then', async (t) => {
  let now = 5
  const arrivals = new Arrivals({ now: () => now, schedule: () => {} })
  t.notOk(arrivals.isInformed)
  for (let i = 0; i < 100; i++) {
    now += i % 7
    arrivals.look(now)
    t.equal(arrivals.take(3), now)
    t.equal(arrivals.at, now)
  }
})
