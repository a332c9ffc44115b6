import t from 'tap'
import { POISON, Slabs } from '../../src/core/slabs.js'

const KIB64 = 64 << 10

t.test('sizes are rounded up to what a position can be shifted by', async (t) => {
  t.equal(new Slabs(1, 2, true).slabBytes, KIB64, 'a page of WebAssembly at least')
  t.equal(new Slabs(KIB64 + 1, 2, true).slabBytes, 2 * KIB64)
  const slabs = new Slabs(100_000, 3, true)
  t.equal(slabs.slabBytes, 2 * KIB64)
  t.equal(slabs.bytes.length, 3 * slabs.slabBytes)
  t.equal(slabs.view.buffer, slabs.bytes.buffer, 'words are read from the same memory')
})

t.test('a slab is filled from front to back while something holds it', async (t) => {
  const slabs = new Slabs(KIB64, 2, true)
  t.equal(slabs.reserve(1000), 0)
  slabs.hold(0)
  t.equal(slabs.reserve(1000), 1000)
  slabs.hold(1000)
  t.equal(slabs.reserve(KIB64 - 2000), 2000, 'to its last byte')
  slabs.hold(2000)
  t.equal(slabs.reserve(1), KIB64, 'then the next')
  t.equal(slabs.heldRuns, 3)
})

t.test('a slab that nothing holds is rewound', async (t) => {
  const slabs = new Slabs(KIB64, 2, true)
  slabs.reserve(1000)
  slabs.hold(0)
  slabs.hold(500)
  slabs.release(0)
  t.equal(slabs.reserve(10), 1000, 'one run is left')
  slabs.release(500)
  t.equal(slabs.reserve(10), 0)
})

t.test('a slab is held for the runs that start in it', async (t) => {
  const slabs = new Slabs(KIB64, 3, true)
  slabs.hold(slabs.reserve(KIB64))
  slabs.hold(slabs.reserve(KIB64))
  t.equal(slabs.reserve(KIB64), 2 * KIB64)
  slabs.hold(2 * KIB64)
  slabs.release(KIB64)
  t.equal(slabs.reserve(KIB64), KIB64, 'the one that is free, not the one after')
})

t.test('with all slabs held there is no room, and what there is stays as it is', async (t) => {
  const slabs = new Slabs(KIB64, 2, true)
  for (let i = 0; i < 2; i++) {
    const position = slabs.reserve(KIB64 - 100)
    slabs.bytes.fill(7, position, position + 10)
    slabs.hold(position)
  }
  t.equal(slabs.reserve(101), -1)
  t.equal(slabs.reserve(100), KIB64 + KIB64 - 100, 'less may still fit')
  t.same([...slabs.bytes.subarray(0, 10)], new Array(10).fill(7))
  slabs.release(0)
  t.equal(slabs.reserve(101), 0)
})

t.test('released memory is poisoned before it is used again', async (t) => {
  const slabs = new Slabs(KIB64, 1, true)
  slabs.reserve(100)
  slabs.bytes.fill(7, 0, 100)
  slabs.hold(0)
  slabs.release(0)
  slabs.reserve(10)
  t.ok(slabs.bytes.subarray(0, KIB64).every((byte) => byte === POISON))
  const clean = new Slabs(KIB64, 1, false)
  clean.bytes.fill(7, 0, 100)
  clean.reserve(10)
  t.equal(clean.bytes[50], 7, 'only when asked to')
})

t.test('one release too many is our bug', async (t) => {
  const slabs = new Slabs(KIB64, 2, true)
  slabs.hold(0)
  slabs.release(100)
  t.throws(() => slabs.release(0), { name: 'AssertionFailed' })
  slabs.hold(KIB64)
  t.throws(() => slabs.release(0), { name: 'AssertionFailed' }, 'holds are counted by slab')
})
