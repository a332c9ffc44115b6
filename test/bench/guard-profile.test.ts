import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { HeapWatch } from '../../bench/guard/heap-watch.js'
import { sitesOf, sumOf } from '../../bench/guard/profile.js'
import type { SampledNode } from '../../bench/guard/questions.js'
import { callsDuring, countCalls, leastCalls, straceProblem } from '../../bench/guard/system-calls.js'

let lastId = 0

/** A function of a file, which has allocated one object of 100 bytes and a number, and what it called. */
function node(functionName: string, url: string, ...children: SampledNode[]): SampledNode {
  return { id: ++lastId, callFrame: { functionName, url, lineNumber: 9 }, selfSize: 116, children }
}

const SRC = 'file:///somewhere/build/src'

function ownersOf(...tree: SampledNode[]) {
  const head = { ...node('(root)', ''), selfSize: 0, children: tree }
  const counts = Object.fromEntries(Array.from({ length: lastId }, (_, i) => [i + 1, { objects: 1, numbers: 1 }]))
  delete (counts as { [id: number]: unknown })[head.id]
  return sitesOf({ head, counts }).map(({ owner, name }) => `${owner}: ${name}`)
}

t.test('an allocation is that of the nearest function of ours', async (t) => {
  const accept = (...children: SampledNode[]) => node('accept', `${SRC}/core/router.js`, ...children)
  t.same(ownersOf(accept()), ['core: accept core/router:10'])
  t.same(ownersOf(accept(node('subarray', 'node:buffer'))).sort(), [
    'core: accept core/router:10',
    'core: subarray node:buffer:10 < accept core/router:10',
  ])
  const send = node('write', `${SRC}/ingress/node/ws/sender.js`, node('writev', 'node:net'))
  t.same(ownersOf(accept(send)).sort(), [
    'core: accept core/router:10',
    'engine: writev node:net:10 < write ingress/node/ws/sender:10',
    'ingress: write ingress/node/ws/sender:10',
  ])
})

t.test('what is native, what is watching, and what is neither', async (t) => {
  t.same(ownersOf(node('(V8 API)', '')), ['engine: (V8 API)'])
  t.same(ownersOf(node('(GC)', '')), ['runtime: (GC)'])
  t.same(ownersOf(node('processTimers', 'node:internal/timers')), ['engine: processTimers node:internal/timers:10'])
  const sample = node('sample', `${SRC}/observe/main/sampler.js`, node('depths', `${SRC}/core/lanes.js`))
  t.same(ownersOf(sample).sort(), ['watching: depths core/lanes:10', 'watching: sample observe/main/sampler:10'])
  t.same(ownersOf(node('answer', 'file:///somewhere/build/bench/guard/watch.js')), [
    'runtime: answer file:///somewhere/build/bench/guard/watch.js:10',
  ])
})

t.test('every object of this thread is noted, and numbers apart', async (t) => {
  const kept: object[] = []
  const make = (count: number) => {
    for (let i = 0; i < count; i++) kept.push({ i })
  }
  make(100)
  const heap = new HeapWatch()
  heap.start()
  make(1000)
  const { head, counts, bytes } = heap.stop()
  const found = findNode(head, 'make')
  t.ok(found !== null, 'the function is named')
  const { objects } = counts[found!.id]
  // What they are kept in grows a few times.
  t.ok(objects >= 1000 && objects < 1050, `${objects} objects`)
  t.ok(bytes >= 1000 * 24, `${bytes} bytes, without samples`)
  t.equal(kept.length, 1100)
})

t.test('sums are of the owners that are asked for', async (t) => {
  const sites = [
    { owner: 'core', name: 'a', bytes: 100, objects: 2, numbers: 3 },
    { owner: 'engine', name: 'b', bytes: 10, objects: 1, numbers: 0 },
    { owner: 'watching', name: 'c', bytes: 1, objects: 1, numbers: 1 },
  ] as const
  t.same(sumOf(sites, 'core', 'engine'), { bytes: 110, objects: 3, numbers: 3 })
  t.same(sumOf(sites, 'runtime'), { bytes: 0, objects: 0, numbers: 0 })
})

t.test('a summary of strace, by kind of call', async (t) => {
  const summary = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.90    0.005012          19       253           sendto
 28.11    0.002276           8       261         4 recvfrom
  9.02    0.000730           2       257           epoll_pwait
  0.97    0.000079          79         1         1 madvise
  0.00    0.000000           0         2           getpid
------ ----------- ----------- --------- --------- ----------------
100.00    0.008097          10       774         5 total
`
  t.same(countCalls(summary), { read: 261, write: 253, wait: 257, memory: 1, futex: 0, other: 2 })
  const others = { read: 300, write: 0, wait: 258, memory: 0, futex: 1, other: 2 }
  t.same(leastCalls(countCalls(summary), others), { read: 261, write: 0, wait: 257, memory: 0, futex: 0, other: 2 })
  t.same(countCalls(''), { read: 0, write: 0, wait: 0, memory: 0, futex: 0, other: 0 })
})

const WRITES_WHEN_TOLD = `
  const { openSync, writeSync } = require('node:fs')
  const nowhere = openSync('/dev/null', 'w')
  process.stdin.on('data', () => {
    for (let i = 0; i < 100; i++) writeSync(nowhere, 'x')
    process.stdout.write('done')
  })
  process.stdout.write('ready')
`

const problem = await straceProblem()

t.test('the calls of a process while something is done', { skip: problem ?? false }, async (t) => {
  const child = spawn(process.execPath, ['-e', WRITES_WHEN_TOLD], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const { write } = await callsDuring(child.pid!, async () => {
    child.stdin.write('now')
    await once(child.stdout, 'data')
  })
  child.kill()
  await once(child, 'exit')
  // Its answer is one more, unless strace is told to end while it is under way; and Node may wake a thread of its own by another.
  t.ok(write >= 100 && write < 120, `${write} writes`)
  await t.rejects(
    callsDuring(child.pid!, async () => {}),
    'nobody is there',
  )
})

function findNode(at: SampledNode, name: string): SampledNode | null {
  if (at.callFrame.functionName === name) return at
  for (const child of at.children) {
    const found = findNode(child, name)
    if (found !== null) return found
  }
  return null
}
