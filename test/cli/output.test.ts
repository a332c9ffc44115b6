import { Writable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { Output } from '../../src/cli/output.js'

/** Takes writes, and finishes them only when told to. */
class Reader extends Writable {
  readonly chunks: Buffer[] = []
  private pending: ((error?: Error) => void) | null = null
  private held = false

  constructor(private readonly isSlow: boolean) {
    super({ highWaterMark: 1024 })
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.chunks.push(chunk)
    if (this.isSlow && !this.held) this.pending = done
    else done()
  }

  /** From now on it reads at once. */
  resume(error?: Error): void {
    this.held = true
    this.pending?.(error)
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

t.test('many small pieces become one write, at the end of the turn', async (t) => {
  const reader = new Reader(false)
  const output = new Output(reader)
  for (let i = 0; i < 100; i++) output.write(`line ${i}\n`)
  t.equal(reader.chunks.length, 0)
  await turn()
  t.equal(reader.chunks.length, 1)
  t.equal(reader.text.split('\n').length, 101)
})

t.test('nothing is lost, mixed up or written over', async (t) => {
  const piece = fc.oneof(
    fc.string({ maxLength: 40, unit: 'grapheme' }),
    fc.integer({ min: 1, max: 90_000 }).map((length) => '\u00e9'.repeat(length)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(piece, fc.boolean(), fc.boolean()), { maxLength: 20 }), async (pieces) => {
      const reader = new Reader(true)
      const output = new Output(reader)
      for (const [text, asBytes, flushed] of pieces) {
        if (asBytes) output.writeBytes(Buffer.from(text))
        else output.write(text)
        if (flushed) output.flush()
      }
      output.flush()
      reader.resume()
      await output.drained()
      await turn()
      t.equal(reader.text, Buffer.from(pieces.map(([text]) => text).join('')).toString())
    }),
    { numRuns: 60 },
  )
})

t.test('a reader that is behind is waited for', async (t) => {
  const reader = new Reader(true)
  const output = new Output(reader)
  t.notOk(output.full)
  output.write('x'.repeat(5000))
  output.flush()
  t.ok(output.full)
  const drained = output.drained()
  reader.resume()
  await drained
  t.notOk(output.full)
})

t.test('a reader that goes away ends the wait', async (t) => {
  const reader = new Reader(true)
  const output = new Output(reader)
  let told = 0
  output.onGone(() => told++)
  output.write('x'.repeat(5000))
  output.flush()
  const drained = output.drained()
  reader.resume(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }))
  await drained
  t.ok(output.gone)
  t.equal(output.failure, undefined, 'that it went away is no failure')
  t.equal(told, 1)
  output.write('more')
  output.flush()
  t.equal(reader.chunks.length, 1, 'nothing is written any more')
})

t.test('a full disk is a failure', async (t) => {
  const reader = new Reader(true)
  const output = new Output(reader)
  output.write('x')
  output.flush()
  reader.resume(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
  await turn()
  t.ok(output.gone)
  t.equal(output.failure?.code, 'ENOSPC')
})
