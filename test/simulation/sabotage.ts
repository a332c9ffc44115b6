import type { Router } from '../../src/core/router.js'
import { Op } from '../../src/protocol/ops.js'
import { frameEnd } from '../../src/protocol/scan.js'
import type { SeededRandom } from '../helpers/msgpack-random.js'

/** A fault put in on purpose, to show that the checks find it. */
export interface Sabotage {
  readonly name: string
  /** Changes what a link was given before it is looked at. */
  onWrite?: (frames: Buffer, random: SeededRandom) => Buffer
  /** Breaks a part of the router. */
  arrange?: (router: Router, random: SeededRandom) => void
}

/** Rare enough that most of a world has gone by when it happens. */
const ONE_IN = 300

/** Changes the frames of a write as a list; `events` are the places of EVENT frames in it. */
function onFrames(change: (frames: Buffer[], events: number[], random: SeededRandom) => void) {
  return (bytes: Buffer, random: SeededRandom): Buffer => {
    if (!random.oneIn(ONE_IN)) return bytes
    const frames: Buffer[] = []
    const events: number[] = []
    for (let pos = 0; pos < bytes.length; ) {
      const next = frameEnd(bytes, pos, bytes.length)
      if (bytes[pos + 1] === Op.EVENT) events.push(frames.length)
      frames.push(bytes.subarray(pos, next))
      pos = next
    }
    change(frames, events, random)
    return Buffer.concat(frames)
  }
}

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'an event is lost on its way',
    onWrite: onFrames((frames, events, random) => {
      if (events.length > 0) frames.splice(random.pick(events), 1)
    }),
  },
  {
    name: 'an event comes twice',
    onWrite: onFrames((frames, events, random) => {
      if (events.length === 0) return
      const at = random.pick(events)
      frames.splice(at, 0, frames[at])
    }),
  },
  {
    name: 'an event changes places with the next',
    onWrite: onFrames((frames, events) => {
      const at = events.findIndex((place, i) => events[i + 1] === place + 1)
      if (at >= 0) frames.splice(events[at], 2, frames[events[at] + 1], frames[events[at]])
    }),
  },
  {
    name: 'a byte of an event is another',
    onWrite: onFrames((frames, events, random) => {
      if (events.length === 0) return
      const frame = Buffer.from(frames[random.pick(events)])
      frame[frame.length - 1] ^= 1
      frames[events[0]] = frame
    }),
  },
  {
    name: 'a gap is not told',
    onWrite: onFrames((frames) => {
      const gap = frames.findIndex((frame) => frame[1] === Op.GAP)
      if (gap >= 0) frames.splice(gap, 1)
    }),
  },
  {
    name: 'an answer is not given',
    onWrite: onFrames((frames) => {
      const answer = frames.findIndex((frame) => frame[1] === Op.OK || frame[1] === Op.PONG)
      if (answer >= 0) frames.splice(answer, 1)
    }),
  },
  {
    name: 'a receiver is left out',
    arrange: ({ delivery }, random) => {
      const deliver = delivery.deliver.bind(delivery)
      delivery.deliver = (run, list) => {
        const { receiversOf } = list
        if (random.oneIn(ONE_IN)) list.receiversOf = (made) => receiversOf.call(list, made).slice(1)
        return deliver(run, list)
      }
    },
  },
  {
    name: 'the lanes are last in, first out',
    arrange: ({ lanes }, random) => {
      const { queues } = lanes as unknown as { queues: { pop(): unknown; shift(): unknown; length: number }[] }
      for (const queue of queues) {
        const shift = queue.shift.bind(queue)
        queue.shift = () => (random.oneIn(ONE_IN) ? queue.pop() : shift())
      }
    },
  },
  {
    name: 'a run is lost in its lane',
    arrange: ({ lanes, runs, slabs }, random) => {
      const push = lanes.push.bind(lanes)
      lanes.push = (run) => {
        push(run)
        if (!random.oneIn(ONE_IN)) return
        const { queues } = lanes as unknown as { queues: { pop(): unknown; length: number }[] }
        if (queues[run.lane].length < 2) return
        queues[run.lane].pop()
        lanes.length--
        slabs.release(run.start)
        runs.release(run)
      }
    },
  },
  {
    name: 'a slab is used again while runs point into it',
    arrange: ({ slabs }, random) => {
      const { held } = slabs as unknown as { held: Int32Array }
      const reserve = slabs.reserve.bind(slabs)
      slabs.reserve = (length) => {
        const before = held.slice()
        if (random.oneIn(ONE_IN)) held.fill(0)
        const position = reserve(length)
        held.set(before)
        return position
      }
    },
  },
  {
    name: 'a page of a backlog is not given back',
    arrange: ({ delivery }, random) => {
      const { pages } = delivery
      const release = pages.release.bind(pages)
      pages.release = (page) => {
        if (!random.oneIn(ONE_IN)) release(page)
      }
    },
  },
  {
    name: 'memory is given back twice',
    arrange: ({ delivery }, random) => {
      const { budget } = delivery
      const give = budget.give.bind(budget)
      budget.give = (bytes) => {
        give(random.oneIn(ONE_IN) ? Math.min(budget.used, bytes * 2) : bytes)
      }
    },
  },
  {
    name: 'a page is used again before it was read',
    arrange: ({ delivery }) => {
      const { pages } = delivery
      const acquire = pages.acquire.bind(pages)
      let last = acquire(2 << 10)
      pages.release(last)
      pages.acquire = (size) => {
        const page = acquire(size)
        last.bytes.fill(0xc1)
        last = page
        return page
      }
    },
  },
  {
    name: 'a conflated event is not counted',
    arrange: ({ delivery }) => {
      const { meters } = delivery
      const book = meters.dropped
      Object.defineProperty(meters, 'dropped', {
        value: new Proxy(book, {
          get: (target, key) => {
            const value = Reflect.get(target, key, target)
            return typeof value === 'function' ? value.bind(target) : value
          },
          set: (target, key, value) =>
            Reflect.set(target, key, key === '2' && value % 50 === 0 ? value - 1 : value, target),
        }),
      })
    },
  },
]
