import { SimdWalker } from '../../src/ingress/node/ws/walker.js'
import type { Copies } from './questions.js'

// biome-ignore lint/suspicious/noExplicitAny: whatever a method takes, it is handed on
type Method = (this: any, ...args: any[]) => any
// biome-ignore lint/suspicious/noExplicitAny: prototypes are looked at by the names of their methods
type Owner = any

/** How many bytes a call has copied. */
type Measure = (self: Owner, args: readonly Owner[], result: Owner) => number

const TypedArray: Owner = Object.getPrototypeOf(Uint8Array.prototype)

/**
 * Everything by which JavaScript can copy bytes, and the loop of WebAssembly that unmasks from one place to another. What the kernel and
 * uWebSockets.js copy is not seen here.
 */
const COPYING: readonly (readonly [name: string, owner: Owner, method: string, measure: Measure])[] = [
  ['TypedArray.set', TypedArray, 'set', (_, [source]) => source.byteLength ?? source.length],
  ['TypedArray.slice', TypedArray, 'slice', (_, __, result) => result.byteLength],
  ['TypedArray.copyWithin', TypedArray, 'copyWithin', lengthOfRange],
  ['ArrayBuffer.slice', ArrayBuffer.prototype, 'slice', (_, __, result) => result.byteLength],
  ['Buffer.copy', Buffer.prototype, 'copy', (_, __, result) => result],
  ['Buffer.from', Buffer, 'from', (_, [source], result) => (isShared(source) ? 0 : result.length)],
  ['Buffer.concat', Buffer, 'concat', (_, __, result) => result.length],
  ['Buffer.write', Buffer.prototype, 'write', (_, __, result) => result],
  ['Buffer.toString', Buffer.prototype, 'toString', (_, __, result) => result.length],
  ['TextDecoder.decode', TextDecoder.prototype, 'decode', (_, __, result) => result.length],
  // With the headers of frames.
  ['walk', SimdWalker.prototype, 'walk', (_, [, at], result) => result - at],
]

/** A view of what is given, and no copy. */
function isShared(source: Owner): boolean {
  return source instanceof ArrayBuffer || source instanceof SharedArrayBuffer
}

function lengthOfRange(self: Owner, [, start = 0, end = self.length]: readonly Owner[]): number {
  return Math.max(0, end - start) * self.BYTES_PER_ELEMENT
}

/** Puts itself in the place of what copies, and counts, until it is stopped. */
export class CopyCount {
  private readonly bytes: { [by: string]: number } = {}
  private readonly undo: (() => void)[] = []

  start(): void {
    for (const [name, owner, method, measure] of COPYING) {
      const original = owner[method] as Method
      const { bytes } = this
      bytes[name] = 0
      owner[method] = function counted(...args: Owner[]) {
        const result = original.apply(this, args)
        bytes[name] += measure(this, args, result)
        return result
      }
      this.undo.push(() => {
        owner[method] = original
      })
    }
  }

  stop(): Copies {
    for (const undo of this.undo.splice(0)) undo()
    return this.bytes
  }
}
