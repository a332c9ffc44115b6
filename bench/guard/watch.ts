import { isMainThread } from 'node:worker_threads'
import { CopyCount } from './copy-count.js'
import { HeapWatch } from './heap-watch.js'
import type { Question, Reply } from './questions.js'

/**
 * Preloaded into the daemon by the guard (node --import): answers what is asked by IPC about the thread that it is in, which is the
 * routing thread. Until it is asked, it does nothing.
 */
if (isMainThread && process.send !== undefined) {
  let heap: HeapWatch | null = null
  let count: CopyCount | null = null

  const answer = (question: Question): Reply => {
    switch (question) {
      case 'watch':
        heap = new HeapWatch()
        heap.start()
        return { done: true }
      case 'allocations':
        return { allocations: heap!.stop() }
      case 'count copies':
        count = new CopyCount()
        count.start()
        return { done: true }
      case 'copies':
        return { copies: count!.stop() }
    }
  }
  process.on('message', (question: Question) => process.send!(answer(question)))
  // Nothing of it stays behind when the guard has gone.
  process.on('disconnect', () => process.exit())
}
