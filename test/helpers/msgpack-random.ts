/** Seeded numbers (mulberry32): the same seed, the same test. */
export class SeededRandom {
  constructor(private state: number) {}

  /** An integer from 0 to below - 1. */
  below(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x100000000) * below)
  }

  /** True once in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === 0
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.below(256)
    return bytes
  }
}

const encoder = new TextEncoder()
const CHARACTERS = [...'abcXYZ019 "\\/\n\u007f\u0000éß¿€中文\ufeff\ufffd\u2028𐍈😀']

/** Text of characters that take one to four bytes in UTF-8, some that JSON escapes. Mostly short, now and then past 255 or 65,535 bytes. */
export function randomText(random: SeededRandom): string {
  const length = random.oneIn(2000) ? 66_000 : random.oneIn(100) ? 300 : random.below(12)
  let text = ''
  for (let i = 0; i < length; i++) text += random.pick(CHARACTERS)
  return text
}

/** Writes msgpack in any encoding that is lawful, not only the shortest. */
export class RandomMsgpack {
  private out: number[] = []

  constructor(private readonly random: SeededRandom) {}

  /** One value of any type but ext, nested at most `levels`. */
  value(levels: number): Uint8Array {
    this.out = []
    this.write(levels)
    return Uint8Array.from(this.out)
  }

  string(text: string): Uint8Array {
    this.out = []
    this.writeString(encoder.encode(text))
    return Uint8Array.from(this.out)
  }

  bin(content: Uint8Array): Uint8Array {
    this.out = []
    this.lead(content.length, [
      [0x100, 0xc4, 1],
      [0x10000, 0xc5, 2],
      [2 ** 32, 0xc6, 4],
    ])
    this.append(content)
    return Uint8Array.from(this.out)
  }

  /** A map of pairs that are msgpack already. */
  map(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
    this.out = []
    this.writeMapLead(pairs.length)
    for (const [key, value] of pairs) {
      this.append(key)
      this.append(value)
    }
    return Uint8Array.from(this.out)
  }

  /** An integer in any width that holds it. */
  uint(value: number): Uint8Array {
    this.out = []
    this.lead(value, [
      [0x80, value, 0],
      [0x80, 0xd0, 1],
      [0x100, 0xcc, 1],
      [0x8000, 0xd1, 2],
      [0x10000, 0xcd, 2],
      [2 ** 31, 0xd2, 4],
      [2 ** 32, 0xce, 4],
      [2 ** 53, 0xcf, 8],
      [2 ** 53, 0xd3, 8],
    ])
    return Uint8Array.from(this.out)
  }

  private append(bytes: Uint8Array): void {
    for (const byte of bytes) this.out.push(byte)
  }

  private big(value: number | bigint, width: number): void {
    for (let shift = BigInt(8 * (width - 1)); shift >= 0n; shift -= 8n)
      this.out.push(Number((BigInt(value) >> shift) & 255n))
  }

  /** Writes one of the forms [exclusive maximum, lead, width of the number that follows] that hold `number`. */
  private lead(number: number, forms: readonly (readonly [number, number, number])[]): void {
    const fitting = forms.filter(([below]) => number < below)
    const [, lead, width] = this.random.oneIn(3) ? this.random.pick(fitting) : fitting[0]
    this.out.push(lead)
    if (width > 0) this.big(number, width)
  }

  private writeString(utf8: Uint8Array): void {
    this.lead(utf8.length, [
      [32, 0xa0 | utf8.length, 0],
      [0x100, 0xd9, 1],
      [0x10000, 0xda, 2],
      [2 ** 32, 0xdb, 4],
    ])
    this.append(utf8)
  }

  private writeMapLead(pairs: number): void {
    this.lead(pairs, [
      [16, 0x80 | pairs, 0],
      [0x10000, 0xde, 2],
      [2 ** 32, 0xdf, 4],
    ])
  }

  private write(levels: number): void {
    const { random, out } = this
    switch (random.below(levels > 0 ? 13 : 10)) {
      case 0:
        out.push(0xc0)
        break
      case 1:
        out.push(0xc2 + random.below(2))
        break
      case 2:
        out.push(random.below(0x80))
        break
      case 3:
        out.push(0xe0 + random.below(0x20))
        break
      case 4: {
        const width = 1 << random.below(4)
        out.push(0xcc + Math.log2(width), ...random.bytes(width))
        break
      }
      case 5: {
        const width = 1 << random.below(4)
        out.push(0xd0 + Math.log2(width), ...random.bytes(width))
        break
      }
      case 6:
        out.push(0xca, ...random.bytes(4))
        break
      case 7:
        out.push(0xcb, ...random.bytes(8))
        break
      case 8: {
        const content = random.bytes(random.oneIn(2000) ? 66_000 : random.oneIn(100) ? 300 : random.below(10))
        this.lead(content.length, [
          [0x100, 0xc4, 1],
          [0x10000, 0xc5, 2],
          [2 ** 32, 0xc6, 4],
        ])
        this.append(content)
        break
      }
      case 9:
        this.writeString(encoder.encode(randomText(random)))
        break
      case 10:
      case 11: {
        const length = random.oneIn(200) ? 20 : random.below(5)
        this.lead(length, [
          [16, 0x90 | length, 0],
          [0x10000, 0xdc, 2],
          [2 ** 32, 0xdd, 4],
        ])
        for (let i = 0; i < length; i++) this.write(levels - 1)
        break
      }
      default: {
        const length = random.oneIn(200) ? 20 : random.below(4)
        this.writeMapLead(length)
        for (let i = 0; i < length; i++) {
          if (random.oneIn(4)) this.write(levels - 1)
          else this.writeString(encoder.encode(randomText(random)))
          this.write(levels - 1)
        }
      }
    }
  }
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let pos = 0
  for (const part of parts) {
    whole.set(part, pos)
    pos += part.length
  }
  return whole
}
