/** xorshift32: the same numbers for the same seed. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed | 0 || 1
  }

  next(): number {
    let x = this.state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.state = x
    return x >>> 0
  }

  below(limit: number): number {
    return this.next() % limit
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.next() & 0xff))
  }
}

const TOPIC_CHARS = 'abc.*> $é'

/**
 * A frame whose end is known (so that those after it are looked at too), of anything: any op, any number of elements, any types but ext,
 * nested a little. Events and control frames are likely, and often nearly right.
 */
export function randomFrame(random: Random): Buffer {
  const out: number[] = []
  const op = random.below(3) === 0 ? 1 : random.below(10) === 0 ? random.below(128) : random.below(16)
  if (op === 1 && random.below(4) > 0) event(random, out)
  else {
    const elements = random.below(5)
    out.push(0x91 + elements, op)
    for (let i = 0; i < elements; i++) value(random, out, 0)
  }
  return Buffer.from(out)
}

/** One that has the right types in the right places, and mostly something wrong about it. */
function event(random: Random, out: number[]): void {
  const withMetadata = random.below(3) === 0
  out.push(withMetadata ? 0x95 : 0x94, 1)
  text(random, out)
  out.push(random.below(10))
  if (random.below(8) === 0) value(random, out, 0)
  else bin(random, out)
  if (withMetadata) map(random, out, 0)
}

function value(random: Random, out: number[], depth: number): void {
  switch (random.below(depth < 3 ? 10 : 8)) {
    case 0:
      out.push(0xc0)
      return
    case 1:
      out.push(0xc2 + random.below(2))
      return
    case 2:
      out.push(random.below(128))
      return
    case 3:
      out.push(0xe0 + random.below(32))
      return
    case 4:
      out.push(0xce, ...random.bytes(4))
      return
    case 5:
      out.push(0xcb, ...random.bytes(8))
      return
    case 6:
      text(random, out)
      return
    case 7:
      bin(random, out)
      return
    case 8: {
      const length = random.below(4)
      out.push(0x90 + length)
      for (let i = 0; i < length; i++) value(random, out, depth + 1)
      return
    }
    default:
      map(random, out, depth)
  }
}

function map(random: Random, out: number[], depth: number): void {
  const KEYS = ['id', 'ttl', 'key', 'type', 'reply', 'headers', 'policy', 'bytesMax', 'name', 'zz']
  const length = random.below(3)
  out.push(0x80 + length)
  for (let i = 0; i < length; i++) {
    const key = Buffer.from(KEYS[random.below(KEYS.length)])
    out.push(0xa0 + key.length, ...key)
    value(random, out, depth + 1)
  }
}

function text(random: Random, out: number[]): void {
  const characters = Array.from({ length: random.below(6) }, () => TOPIC_CHARS[random.below(TOPIC_CHARS.length)])
  const encoded = random.below(20) === 0 ? random.bytes(3) : Buffer.from(characters.join(''))
  out.push(0xa0 + encoded.length, ...encoded)
}

function bin(random: Random, out: number[]): void {
  const length = random.below(8)
  out.push(0xc4, length, ...random.bytes(length))
}
