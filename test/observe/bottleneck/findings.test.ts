import fc from 'fast-check'
import t from 'tap'
import { findingsOf } from '../../../src/observe/bottleneck/findings.js'
import { type Readings, readingsOf } from '../../../src/observe/bottleneck/readings.js'
import type { Sample } from '../../../src/observe/sample.js'
import { LIMITS } from '../../../src/observe/stats.js'
import { NOTHING, secondWith, slowOne } from '../../helpers/samples.js'

function worst(readings: Readings, named = 0) {
  return findingsOf(readings, named).reduce((most, finding) => (finding.pressure > most.pressure ? finding : most))
}

/** As of a daemon that times what it does. */
const timed = (sample: Sample): Sample => ({ ...sample, work: { ...sample.work, drains: 1000 } })
const running = (waitedMs: number) => ({ ran: 1 - waitedMs / 1000, waited: waitedMs / 1000 })
const after = (sample: Sample, waitedMs = 0, silentMs = 0) =>
  worst(readingsOf(timed(sample), NOTHING, running(waitedMs), silentMs))
const EVENTS = { accepted: 100_000, acceptedBytes: 10e6, routed: 100_000, matched: 100_000, delivered: 100_000 }
const MESSAGES = { opened: 0, messages: 100_000 }

const cases: [name: string, limit: string, says: RegExp, sample: Sample, waitedMs?: number, silentMs?: number][] = [
  ['nothing', 'idle', /waits for input 100 % of the time/, secondWith({})],
  [
    'a moderate load',
    'idle',
    /waits for input 55 %/,
    secondWith({
      core: EVENTS,
      work: { acceptMs: 100, drainMs: 200, writeMs: 100 },
      loop: { utilization: 0.45, lagMaxMs: 8 },
      transports: MESSAGES,
    }),
  ],
  [
    'frames of one event',
    'ingress',
    /reading from sockets takes 62 %/,
    secondWith({
      core: EVENTS,
      work: { acceptMs: 150, drainMs: 200, writeMs: 180 },
      loop: { utilization: 0.97, lagMaxMs: 5 },
      transports: { messages: 1e6 },
    }),
  ],
  [
    'many small frames in one message',
    'parsing',
    /walking through frames takes 58 %/,
    secondWith({
      core: EVENTS,
      work: { acceptMs: 600, matchMs: 20, drainMs: 200, writeMs: 100 },
      loop: { utilization: 0.95 },
      transports: MESSAGES,
    }),
  ],
  [
    'an explosion of patterns, with room left',
    'matching',
    /matching topics with patterns, 20,000 walks a second/,
    secondWith({
      core: EVENTS,
      work: { acceptMs: 420, matchMs: 360, matches: 20_000, drainMs: 50 },
      loop: { utilization: 0.5 },
    }),
  ],
  [
    'accounting',
    'routing',
    /passing events on takes 60 %/,
    secondWith({ core: EVENTS, work: { acceptMs: 100, drainMs: 700, writeMs: 100 }, loop: { utilization: 0.95 } }),
  ],
  [
    'many receivers',
    'fanout',
    /handing each event to 100 receivers takes 60 %/,
    secondWith({
      core: { ...EVENTS, matched: 10e6, delivered: 10e6 },
      work: { acceptMs: 10, drainMs: 900, writeMs: 300 },
      loop: { utilization: 0.95 },
    }),
  ],
  [
    'many writes',
    'send',
    /writing to sockets takes 70 %/,
    secondWith({
      core: { ...EVENTS, matched: 10e6, delivered: 10e6 },
      work: { acceptMs: 10, drainMs: 900, writeMs: 700 },
      loop: { utilization: 0.95 },
    }),
  ],
  [
    'a frozen subscriber',
    'slow-consumer',
    /subscriber billing \(127\.0\.0\.1:4233\) does not keep up: its connection has taken nothing for 0\.9 s, 196 KiB wait/,
    secondWith({ core: { ...EVENTS, pendingInOutboxes: 200 }, loop: { utilization: 0.2 }, slow: [slowOne()] }),
  ],
  [
    'a frozen one of ten, at full tilt',
    'slow-consumer',
    /billing/,
    secondWith({
      core: { ...EVENTS, matched: 1e6, delivered: 0.9e6, dropped: { 'drop-oldest': 100_000 } },
      work: { acceptMs: 10, drainMs: 900, writeMs: 500 },
      loop: { utilization: 0.95 },
      slow: [slowOne()],
    }),
  ],
  [
    'a frozen one of a thousand, at full tilt',
    'send',
    /writing to sockets/,
    secondWith({
      core: { ...EVENTS, matched: 10e6, delivered: 9.99e6, dropped: { 'drop-oldest': 10_000 } },
      work: { acceptMs: 10, drainMs: 900, writeMs: 500 },
      loop: { utilization: 0.97 },
      slow: [slowOne()],
    }),
  ],
  [
    'a blocked one that nothing waits for',
    'idle',
    /waits/,
    secondWith({ core: EVENTS, loop: { utilization: 0.2 }, slow: [slowOne({ pendingBytes: 0, pendingEvents: 0 })] }),
  ],
  [
    'one that is merely behind for a moment',
    'idle',
    /waits/,
    secondWith({ core: EVENTS, loop: { utilization: 0.2 }, slow: [slowOne({ blockedMs: 20 })] }),
  ],
  [
    'a load of garbage',
    'gc',
    /collecting garbage takes 30 % of the time, the longest pause 12 ms/,
    secondWith({
      core: EVENTS,
      loop: {
        utilization: 0.5,
        lagMaxMs: 15,
        gcMaxMs: 12,
        gc: { minor: { count: 40, ms: 200 }, major: { count: 4, ms: 100 } },
      },
    }),
  ],
  [
    'one long pause under load',
    'gc',
    /the longest pause 80 ms/,
    secondWith({
      core: EVENTS,
      loop: { utilization: 0.3, lagMaxMs: 80, gcMaxMs: 80, gc: { major: { count: 1, ms: 80 } } },
      transports: MESSAGES,
    }),
  ],
  [
    'one long pause while there is nothing to route',
    'idle',
    /waits/,
    secondWith({ loop: { utilization: 0.1, lagMaxMs: 80, gcMaxMs: 80, gc: { major: { count: 1, ms: 80 } } } }),
  ],
  [
    'the loop blocked for 5 ms, again and again',
    'stall',
    /holds the event loop for 25 % of the time, at most 5\.2 ms at once/,
    secondWith({ loop: { utilization: 0.25, lagMaxMs: 5.2 } }),
  ],
  [
    'the same under load',
    'stall',
    /holds the event loop/,
    secondWith({
      core: { ...EVENTS, accepted: 50_000, acceptedBytes: 5e6 },
      work: { acceptMs: 20, drainMs: 40, writeMs: 30 },
      loop: { utilization: 0.4, lagMaxMs: 5.2 },
      transports: { messages: 10_000 },
    }),
  ],
  [
    'busy with many small things of its own',
    'idle',
    /waits/,
    secondWith({ loop: { utilization: 0.25, lagMaxMs: 1.5 } }),
  ],
  [
    'many connections',
    'idle',
    /waits/,
    secondWith({ loop: { utilization: 0.7, lagMaxMs: 20 }, transports: { opened: 500 } }),
  ],
  [
    'many requests',
    'ingress',
    /reading/,
    secondWith({ loop: { utilization: 1, lagMaxMs: 9 }, transports: { requests: 9000 } }),
  ],
  [
    'JSON',
    'idle',
    /waits/,
    secondWith({ core: EVENTS, work: { transcodedBytes: 10e6 }, loop: { utilization: 0.35, lagMaxMs: 5 } }),
  ],
  [
    'refusals',
    'idle',
    /waits/,
    secondWith({ core: { refused: { bad_json: 100_000 } }, loop: { utilization: 0.15, lagMaxMs: 5 } }),
  ],
  ['silence', 'stall', /has stood still for 1\.7 s/, secondWith({ core: EVENTS, isOverloaded: true }), 0, 1700],
  [
    'other programs',
    'starved',
    /waits for a processor 50 % of the time/,
    secondWith({
      core: EVENTS,
      work: { acceptMs: 300, drainMs: 400 },
      loop: { utilization: 0.9, lagMaxMs: 30 },
      transports: MESSAGES,
    }),
    500,
  ],
  ['other programs while there is nothing to do', 'idle', /waits/, secondWith({ loop: { lagMaxMs: 90 } }), 900],
  [
    'a stall while other programs have the processor, too',
    'stall',
    /holds the event loop for 15 %/,
    secondWith({ loop: { utilization: 0.3, lagMaxMs: 9 } }),
    500,
  ],
  [
    'memory, all of it',
    'memory',
    /97 % of the memory budget in use, publishers are refused/,
    secondWith({
      isOverloaded: true,
      memory: { used: 97e6 },
      core: { ...EVENTS, dropped: { memory: 9000 } },
      slow: [slowOne()],
    }),
  ],
  ["the heap's limit", 'memory', /95 % of the heap's limit/, secondWith({ memory: { heapUsed: 0.95e9 } })],
]

for (const [name, limit, says, sample, waitedMs, silentMs] of cases) {
  t.test(`${name}: ${limit}`, async (t) => {
    const finding = after(sample, waitedMs, silentMs)
    t.equal(finding.limit, limit)
    t.match(finding.says, says)
    t.equal(finding.subscriber?.name, /billing|memory budget/.test(says.source) ? 'billing' : undefined)
  })
}

t.test('when nothing is timed, the time is the core’s, and nothing is taken for a stall', async (t) => {
  const sample = secondWith({ core: EVENTS, loop: { utilization: 0.5, lagMaxMs: 9 } })
  t.equal(worst(readingsOf(sample, NOTHING, running(0), 0)).limit, 'idle')
  const full = secondWith({ core: EVENTS, loop: { utilization: 0.95, lagMaxMs: 9 } })
  t.match(worst(readingsOf(full, NOTHING, running(0), 0)), { limit: 'routing', share: 0.95 })
})

t.test('an unlucky sample does not make an estimate larger than the time there is', async (t) => {
  const work = { acceptMs: 5000, matchMs: 10, drainMs: 300, writeMs: 4000, drains: 10 }
  const readings = readingsOf(secondWith({ core: EVENTS, work, loop: { utilization: 0.9 } }), NOTHING, running(0), 0)
  t.match(readings, { busy: 0.9, matching: 0.01, stalled: 0 })
  t.ok(Math.abs(readings.parsing - 0.59) < 1e-9)
  t.ok(readings.parsing + readings.routing + readings.send <= 0.9)
})

t.test('who drops events is named although its connection takes some', async (t) => {
  const before = secondWith({ slow: [slowOne({ dropped: 40, blockedMs: 10 })] })
  const sample = { ...before, atMs: 2000, slow: [slowOne({ dropped: 1540, blockedMs: 10 })] }
  const finding = worst(readingsOf(sample, before, running(0), 0))
  t.equal(finding.limit, 'slow-consumer')
  t.match(finding.says, /1,500 events were dropped for it in the last second/)
  t.notMatch(finding.says, /taken nothing/)
})

t.test('of several in the way the one that was named stays named, unless another is far worse', async (t) => {
  const slow = [slowOne({ session: 1, pendingBytes: 300_000 }), slowOne({ session: 2, pendingBytes: 200_000 })]
  const readings = readingsOf(secondWith({ slow }), NOTHING, running(0), 0)
  t.equal(worst(readings).subscriber?.session, 1)
  t.equal(worst(readings, 2).subscriber?.session, 2)
  t.equal(worst(readings, 9).subscriber?.session, 1, 'the one named is gone')
  const worse = [slowOne({ session: 1, pendingBytes: 900_000 }), slow[1]]
  t.equal(worst(readingsOf(secondWith({ slow: worse }), NOTHING, running(0), 0), 2).subscriber?.session, 1)
})

const amount = (max: number) => fc.double({ min: 0, max, noNaN: true })
const samples = fc
  .record({
    atMs: fc.constantFrom(0, 1, 1000, 1004, 5000),
    isOverloaded: fc.boolean(),
    accepted: amount(1e7),
    matched: amount(1e9),
    pending: amount(1e7),
    dropped: amount(1e7),
    acceptMs: amount(3000),
    matchMs: amount(3000),
    drainMs: amount(3000),
    writeMs: amount(3000),
    utilization: amount(1),
    lagMaxMs: amount(10_000),
    gcMs: amount(3000),
    used: amount(200e6),
    messages: amount(1e7),
    pendingBytes: amount(1e8),
  })
  .map((given) =>
    secondWith({
      atMs: given.atMs,
      isOverloaded: given.isOverloaded,
      core: {
        accepted: given.accepted,
        acceptedBytes: given.accepted * 100,
        routed: given.accepted,
        matched: given.matched,
        pendingInOutboxes: given.pending,
        dropped: { 'drop-oldest': given.dropped, memory: given.dropped },
      },
      work: { acceptMs: given.acceptMs, matchMs: given.matchMs, drainMs: given.drainMs, writeMs: given.writeMs },
      loop: {
        utilization: given.utilization,
        lagMaxMs: given.lagMaxMs,
        gcMaxMs: given.gcMs,
        gc: { major: { count: 1, ms: given.gcMs } },
      },
      memory: { used: given.used },
      transports: { messages: given.messages },
      slow: [slowOne({ pendingBytes: given.pendingBytes })],
    }),
  )

t.test('whatever the samples: each limit at most once, shares within 0 and 1, a sentence without holes', async (t) => {
  fc.assert(
    fc.property(samples, samples, amount(1000), fc.constantFrom(0, 1700), (sample, before, waitedMs, silentMs) => {
      const findings = findingsOf(readingsOf(sample, before, running(waitedMs), silentMs))
      const limits = findings.map(({ limit }) => limit)
      return (
        new Set(limits).size === limits.length &&
        findings.every(
          ({ limit, pressure, share, says }) =>
            LIMITS.includes(limit) &&
            Number.isFinite(pressure) &&
            pressure >= 0 &&
            share >= 0 &&
            share <= 1 &&
            !/NaN|undefined|Infinity|-\d/.test(says),
        )
      )
    }),
    { numRuns: 2000 },
  )
  t.pass()
})
