import { Session } from 'node:inspector'
import { BroadcastChannel, isMainThread } from 'node:worker_threads'

/**
 * Runs first in every subject that is a Node process while memory is measured: on SIGUSR2 each of its threads collects its garbage and gives back what is free.
 * Otherwise what its start left behind would hide what is added.
 */
const session = new Session()
session.connect()
const collect = () => session.post('HeapProfiler.collectGarbage')

const channel = new BroadcastChannel('sluice-bench-collect')
channel.unref()
if (isMainThread) {
  process.on('SIGUSR2', () => {
    collect()
    channel.postMessage(null)
  })
} else channel.onmessage = collect
