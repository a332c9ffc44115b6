import type { Rules } from './rules.js'

/** Verdicts that are kept, at the start and at most: each topic has one place among them. */
const PLACES_AT_START = 64
const PLACES_MAX = 1 << 14
/** Verdicts that were made again since the table grew, as a part of its places: more, and it is too small. */
const MISSES_PER_PLACE = 1

/** Numbers of accesses, each given once. */
let made = 0

/** What a session may do. Decided outside, when it is known who it is; the core asks. One may be shared by many sessions. */
export class Access {
  /** That no other one has; above 0. */
  readonly id = ++made
  /** Verdicts by the serial number of the topic: the number, and in the lowest bit whether it is permitted. */
  private verdicts = new Float64Array(PLACES_AT_START)
  private misses = 0

  /**
   * @param user '' for nobody in particular
   * @param publish null: on every topic
   * @param subscribe null: to every topic
   * @param laneMin the most urgent lane that may be published on
   */
  constructor(
    readonly user: string,
    readonly publish: Rules | null,
    readonly subscribe: Rules | null,
    readonly laneMin: number,
  ) {}

  /** Nobody has said yet who it is: nothing but that may be done. */
  get isLocked(): boolean {
    return this === LOCKED
  }

  /**
   * Whether a topic may be published on. To be asked where `publish` is not null.
   * @param serial of the topic, never used for another one
   * @param topicOf its text, which is asked for only when the topic is new here
   */
  mayPublish(serial: number, topicOf: () => string): boolean {
    const { verdicts } = this
    const place = serial & (verdicts.length - 1)
    const known = verdicts[place]
    if (known === serial * 2 + 1) return true
    if (known === serial * 2) return false
    return this.decide(serial, topicOf())
  }

  private decide(serial: number, topic: string): boolean {
    const isPermitted = (this.publish as Rules).permits(topic)
    if (++this.misses > this.verdicts.length * MISSES_PER_PLACE && this.verdicts.length < PLACES_MAX) {
      this.verdicts = new Float64Array(this.verdicts.length * 4)
      this.misses = 0
    }
    this.verdicts[serial & (this.verdicts.length - 1)] = serial * 2 + (isPermitted ? 1 : 0)
    return isPermitted
  }
}

/** Everything, for everybody: where nobody is asked who they are. */
export const FULL_ACCESS = new Access('', null, null, 0)
/** Nothing but to say who one is. */
export const LOCKED = new Access('', null, null, 0)
