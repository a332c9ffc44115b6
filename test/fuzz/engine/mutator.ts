const INTERESTING = [0, 1, 16, 31, 32, 64, 125, 126, 127, 128, 254, 255, 256, 4095, 4096, 4097, 32767, 65535]
/** Of how many inputs one is made long, by repetition: what is quick on a short one may not be on a long one. */
const LONG_ONE_IN = 4096
/** What other inputs may grow to. */
const USUAL_BYTES_MAX = 2048
/** Long ones take long, and most of what can go wrong does so with short ones: of the times that one is drawn, it is taken once in so many. */
const LONG_PARENT_ONE_IN = 64

/** Makes inputs out of others. The same seed and the same inputs give the same ones again. */
export class Mutator {
  /** What was made last is bytes[0, length). */
  readonly bytes: Buffer
  length = 0
  private state: number
  private readonly words: readonly Buffer[]

  constructor(
    seed: number,
    words: readonly (string | Uint8Array)[],
    private readonly bytesMax: number,
  ) {
    this.state = seed | 0 || 1
    this.bytes = Buffer.alloc(bytesMax)
    this.words = words.map((word) => Buffer.from(word as string))
  }

  /** An integer from 0 to below - 1 (xorshift32). */
  private below(below: number): number {
    let x = this.state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.state = x
    return (x >>> 0) % below
  }

  mutate(inputs: readonly Uint8Array[]): void {
    const { bytes } = this
    const parent = this.parentOf(inputs)
    const most = Math.max(parent.length, Math.min(USUAL_BYTES_MAX, this.bytesMax))
    this.length = Math.min(parent.length, this.bytesMax)
    bytes.set(this.length === parent.length ? parent : parent.subarray(0, this.length))
    let changes = 1
    while (changes < 16 && this.below(2) === 0) changes++
    for (; changes > 0; changes--) this.change(inputs, Math.min(most, this.bytesMax))
    if (this.below(LONG_ONE_IN) === 0) this.repeat()
  }

  private parentOf(inputs: readonly Uint8Array[]): Uint8Array {
    for (;;) {
      const drawn = inputs[this.below(inputs.length)]
      if (drawn.length <= USUAL_BYTES_MAX || this.below(LONG_PARENT_ONE_IN) === 0) return drawn
    }
  }

  private change(inputs: readonly Uint8Array[], most: number): void {
    const { bytes, length } = this
    if (length === 0) {
      this.insert(this.randomBytes(), most)
      return
    }
    const at = this.below(length)
    switch (this.below(13)) {
      case 0:
        bytes[at] ^= 1 << this.below(8)
        break
      case 1:
        bytes[at] = this.below(256)
        break
      case 2:
        bytes[at] += this.below(35) - 17
        break
      case 3:
        bytes[at] = INTERESTING[this.below(INTERESTING.length)]
        break
      case 4:
        if (at + 2 <= length) bytes.writeUInt16BE(INTERESTING[this.below(INTERESTING.length)], at)
        break
      case 5:
        if (at + 4 <= length) bytes.writeUInt32BE(this.below(3) === 0 ? 0xffffffff : this.below(70_000), at)
        break
      case 6: {
        const end = at + 1 + this.below(Math.min(length - at, this.below(8) === 0 ? length : 8))
        bytes.copyWithin(at, end, length)
        this.length -= end - at
        break
      }
      case 7:
        this.insert(this.randomBytes(), most)
        break
      case 8: {
        const part = Buffer.from(bytes.subarray(at, at + 1 + this.below(Math.min(length - at, 64))))
        this.insert(part, most)
        break
      }
      case 9: {
        const other = inputs[this.below(inputs.length)]
        if (other.length === 0) break
        const from = this.below(other.length)
        this.insert(other.subarray(from, from + 1 + this.below(Math.min(other.length - from, 64))), most)
        break
      }
      case 10: {
        const other = inputs[this.below(inputs.length)]
        const part = other.subarray(at, Math.min(other.length, length, at + 1 + this.below(32)))
        bytes.set(part, at)
        break
      }
      case 11:
        if (this.words.length > 0) bytes.set(this.word().subarray(0, length - at), at)
        break
      default:
        if (this.words.length > 0) this.insert(this.word(), most)
    }
  }

  private word(): Buffer {
    return this.words[this.below(this.words.length)]
  }

  private randomBytes(): Buffer {
    const bytes = Buffer.alloc(1 + this.below(8))
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.below(256)
    return bytes
  }

  private insert(part: Uint8Array, most: number): void {
    const room = most - this.length
    if (room <= 0) return
    const fitting = part.length > room ? part.subarray(0, room) : part
    const at = this.below(this.length + 1)
    this.bytes.copyWithin(at + fitting.length, at, this.length)
    this.bytes.set(fitting, at)
    this.length += fitting.length
  }

  /** Repeats a part where it stands, up to the longest input there may be. */
  private repeat(): void {
    const { bytes, length, bytesMax } = this
    if (length === 0) return
    const from = this.below(length)
    const partLength = 1 + this.below(Math.min(length - from, 64))
    const part = Buffer.from(bytes.subarray(from, from + partLength))
    const rest = Buffer.from(bytes.subarray(from + partLength, length))
    const times = Math.floor((bytesMax - from - rest.length) / partLength)
    for (let i = 0; i < times; i++) bytes.set(part, from + i * partLength)
    const end = from + times * partLength
    bytes.set(rest.subarray(0, bytesMax - end), end)
    this.length = Math.min(bytesMax, end + rest.length)
  }
}
