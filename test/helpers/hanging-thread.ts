import { parentPort } from 'node:worker_threads'

/** An observer thread that comes up, and then takes up nothing. */
parentPort?.postMessage({ kind: 'open', port: 0 })
parentPort?.postMessage({ kind: 'ready' })
for (;;);
