import { Packr } from 'msgpackr'
import { DEFAULTS } from '../../src/config/index.js'
import { LATENCY_BYTES, LatencyCounts } from '../../src/core/latency.js'
import { type Link, Written } from '../../src/core/link.js'
import { Router } from '../../src/core/router.js'
import type { Session } from '../../src/core/session.js'
import { configuredOptions } from '../../src/daemon/core-options.js'
import { encodeEvent } from '../../src/protocol/write.js'

const PAYLOAD_BYTES = 128
/** Events that are encoded and sent again and again: few enough for the processor's cache, so that its size is not what is measured. */
const CYCLE_EVENTS = 2048
/** What a transport reads at once, after which a turn of the loop ends. */
const TURN_BYTES = 64 << 10

/** Events of one kind through the core: from reserve to the write of a link, without sockets. */
export interface CorePathSpec {
  readonly name: string
  /** Events of one message. */
  readonly batch: number
  readonly topics: number
  /** Subscribers of all topics, or, when they are scattered, of one topic each. */
  readonly receivers: number
  /** Each topic has a receiver of its own, so that every event is a run, and is gathered in a batch. */
  readonly isScattered: boolean
  readonly withMetadata: boolean
}

const PLAIN = { batch: 64, topics: 1, receivers: 1, isScattered: false, withMetadata: false }

export const CORE_PATHS: readonly CorePathSpec[] = [
  { ...PLAIN, name: '64 a frame' },
  { ...PLAIN, name: 'one a frame', batch: 1 },
  { ...PLAIN, name: '100 receivers', receivers: 100 },
  { ...PLAIN, name: '1,000 topics', topics: 1000 },
  { ...PLAIN, name: '16 topics, a receiver each', topics: 16, receivers: 16, isScattered: true },
  { ...PLAIN, name: 'with metadata', withMetadata: true },
]

/** A link that takes everything. */
class OpenLink implements Link {
  bytes = 0

  write(frames: Uint8Array): Written {
    this.bytes += frames.length
    return Written.SENT
  }

  end(): void {}
}

/** A router as the daemon makes it, with all that is on by default, and messages for it. */
export class CorePath {
  /** How often the core has asked what time it is, and for a turn. */
  clockReadings = 0
  turns = 0
  readonly router: Router
  readonly messages: readonly Buffer[]
  readonly frameBytes: number
  private readonly link = new OpenLink()
  private readonly publisher: Session
  private readonly messagesATurn: number
  private turn: (() => void) | null = null
  private next = 0

  /** @param clock milliseconds; by default the daemon's */
  constructor(
    readonly spec: CorePathSpec,
    clock: () => number = () => performance.now(),
  ) {
    const { batch, receivers, isScattered } = spec
    const options = {
      ...configuredOptions(DEFAULTS),
      server: 'guard',
      software: 'guard',
      latency: new LatencyCounts(new SharedArrayBuffer(LATENCY_BYTES)),
      topicClasses: [],
      hashSeed: 1,
      poison: false,
    }
    this.router = new Router(options, {
      now: () => {
        this.clockReadings++
        return clock()
      },
      schedule: (turn) => {
        this.turns++
        this.turn = turn
      },
      idleMs: () => 0,
    })
    const frames = Array.from({ length: CYCLE_EVENTS }, (_, i) => frameOf(spec, i))
    this.frameBytes = frames[0].length
    this.messages = Array.from({ length: CYCLE_EVENTS / batch }, (_, i) =>
      Buffer.concat(frames.slice(i * batch, (i + 1) * batch)),
    )
    this.messagesATurn = Math.max(1, Math.floor(TURN_BYTES / this.messages[0].length))
    for (let i = 0; i < receivers; i++) {
      const session = this.router.open(this.link)
      const code = this.router.subscribe(session, isScattered ? topicOf(i) : 'bench.*', {})
      if (code !== 0) throw new Error(`the core refuses a subscription with code ${code}`)
    }
    this.publisher = this.router.open(this.link)
    this.endTurn()
  }

  /** Bytes that all links have taken. */
  get written(): number {
    return this.link.bytes
  }

  /** Takes in at least this many events, whole turns of them, until they are delivered. @returns how many they were */
  run(events: number): number {
    const { router, publisher, messages, messagesATurn } = this
    const { batch } = this.spec
    let taken = 0
    while (taken < events) {
      for (let i = 0; i < messagesATurn; i++) {
        const message = messages[this.next]
        this.next = (this.next + 1) % messages.length
        const position = router.reserve(message.length)
        router.slabs.bytes.set(message, position)
        router.accept(publisher, position, position + message.length)
        taken += batch
      }
      this.endTurn()
    }
    return taken
  }

  private endTurn(): void {
    while (this.turn !== null) {
      const { turn } = this
      this.turn = null
      turn()
    }
  }
}

function topicOf(i: number): string {
  return `bench.${String(i).padStart(4, '0')}`
}

const packr = new Packr({ useRecords: false, variableMapSize: true })

function frameOf({ topics, withMetadata }: CorePathSpec, i: number): Uint8Array {
  const metadata = withMetadata ? packr.pack({ id: `id-${String(i).padStart(6, '0')}`, type: 'text/plain' }) : undefined
  return encodeEvent(topicOf(i % topics), 3, Buffer.alloc(PAYLOAD_BYTES, i & 0xff), metadata)
}
