import { median } from '../report/row.js'
import { CorePath, type CorePathSpec } from './core-path.js'

const ROUNDS = 41
/** Of one round: some milliseconds, which is thousands of times what the clock of processor time can tell apart. */
const ROUND_EVENTS = 40_000
const WARM_UP_ROUNDS = 10

/** What cannot be avoided: each message copied into memory of ours, each head looked at, and each event copied towards its receiver where it is gathered. */
class BaselineLoop {
  sum = 0
  private readonly into: Buffer
  private readonly out: Buffer
  private next = 0

  constructor(private readonly path: CorePath) {
    const { length } = path.messages[0]
    this.into = Buffer.allocUnsafeSlow(length)
    this.out = Buffer.allocUnsafeSlow(path.frameBytes)
  }

  run(events: number): void {
    const { into, out } = this
    const { messages, frameBytes, spec } = this.path
    const headBytes = frameBytes - 128
    let { sum } = this
    for (let taken = 0; taken < events; taken += spec.batch) {
      const message = messages[this.next]
      this.next = (this.next + 1) % messages.length
      into.set(message)
      for (let at = 0; at < message.length; at += frameBytes) {
        for (let i = at; i < at + headBytes; i++) sum = (sum * 31 + into[i]) | 0
        if (spec.isScattered) into.copy(out, 0, at, at + frameBytes)
      }
      for (let i = 0; i < spec.receivers; i++) sum += i
    }
    this.sum = sum
  }
}

/**
 * Processor time of the core for some events, over that of a loop that does only what cannot be avoided, in turns: what else the machine does
 * falls on both. The median of many short rounds.
 */
export function coreRatio(spec: CorePathSpec): number {
  const path = new CorePath(spec)
  const loop = new BaselineLoop(path)
  const ratios: number[] = []
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const core = cpuUs(() => path.run(ROUND_EVENTS))
    const baseline = cpuUs(() => loop.run(ROUND_EVENTS))
    if (round >= 0) ratios.push(core / baseline)
  }
  return median(ratios)
}

function cpuUs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return Math.max(1, user + system)
}
