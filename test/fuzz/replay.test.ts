import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT } from '../house/files.js'
import { decodeInputs, encodeInput, Shelf } from './engine/inputs.js'
import { Mutator } from './engine/mutator.js'
import type { Target } from './target.js'

/** Mutations of each target's corpus, on top of it: little, so that every run looks a bit further. */
const MUTATIONS = 300

const names = readdirSync(join(ROOT, 'test/fuzz/targets')).map((file) => file.replace(/\.ts$/, ''))
const seed = Number(process.env.SLUICE_SEED ?? Date.now() % 2 ** 31)
t.comment(`SLUICE_SEED=${seed}`)

/** Keys of the prototypes that all objects have: what is read must not add to them. */
const prototypeKeys = (): unknown[] =>
  [Object.prototype, Array.prototype].map((prototype) => Reflect.ownKeys(prototype))

function failures(target: Target, inputs: readonly Buffer[]): string[] {
  return inputs.flatMap((input) => {
    try {
      target.fuzz(Buffer.from(input))
      return []
    } catch (error) {
      return [`${encodeInput(input).slice(0, 500)}: ${(error as Error).stack}`]
    }
  })
}

for (const name of names) {
  t.test(name, async (t) => {
    const target = (await import(`./targets/${name}.js`)) as Target
    const before = prototypeKeys()
    const shelf = new Shelf(ROOT, name)
    const corpus = shelf.corpus()
    t.ok(corpus.length > 0, 'there is a corpus')
    t.same(failures(target, corpus), [], `${corpus.length} inputs of the corpus`)
    for (const { name: file, inputs } of shelf.found()) {
      t.same(failures(target, inputs), [], `what was found: ${file}`)
    }
    const mutator = new Mutator(seed, target.words, 64 << 10)
    const mutated = Array.from({ length: MUTATIONS }, () => {
      mutator.mutate(corpus)
      return Buffer.from(mutator.bytes.subarray(0, mutator.length))
    })
    t.same(failures(target, mutated), [], `${MUTATIONS} mutations of it`)
    t.same(prototypeKeys(), before, 'no prototype was changed')
  })
}

t.test('inputs are written as text and read again', async (t) => {
  const inputs = ['', 'text\n"with" lines', '\u0000\u0001', 'é€😀'].map((text) => Buffer.from(text))
  inputs.push(Buffer.of(0xff, 0xfe, 0x0a), Buffer.alloc(100, 0x91))
  const lines = inputs.map(encodeInput)
  t.same(decodeInputs(`# why\n\n${lines.join('\n')}\n`), inputs)
})

t.test('the same seed gives the same inputs', async (t) => {
  const inputs = [Buffer.from('abc'), Buffer.alloc(70_000, 1)]
  const made = [1, 1, 2].map((seed) => {
    const mutator = new Mutator(seed, ['word'], 64 << 10)
    return Array.from({ length: 200 }, () => {
      mutator.mutate(inputs)
      return mutator.bytes.toString('latin1', 0, mutator.length)
    })
  })
  t.same(made[0], made[1])
  t.not(made[0].join(), made[2].join())
  t.ok(new Set(made[0]).size > 100)
})
