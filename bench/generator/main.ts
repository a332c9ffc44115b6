import { runClient } from '../client/run.js'
import { runAgreement } from './agreement.js'
import { runCeiling } from './ceiling.js'
import { type Prepared, prepareFor, runFlow } from './flow.js'
import { runHandshakes } from './handshakes.js'
import { runHold, runIdle } from './idle.js'
import type { Answer, FlowJob, Job } from './job.js'
import { runQueued } from './queued.js'
import { runRehearsal } from './rehearsal.js'
import { runRequests } from './requests.js'
import { runSoak } from './soak.js'

/** A generator process: takes one job after the other over IPC and ends with its parent. */
let prepared: { key: string; value: Prepared } | null = null

process.on('message', async (job: Job) => {
  let answer: Answer
  try {
    answer = { result: await run(job) }
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) }
  }
  process.send!(answer)
})
process.on('disconnect', () => process.exit())

function run(job: Job) {
  switch (job.kind) {
    case 'agreement':
      return runAgreement(job, preparedFor(job))
    case 'client':
      return runClient(job)
    case 'flow':
      return runFlow(job, preparedFor(job))
    case 'ceiling':
      return runCeiling(job, preparedFor(job))
    case 'hold':
      return runHold(job)
    case 'rehearsal':
      return runRehearsal(job, preparedFor(job))
    case 'idle':
      return runIdle(job)
    case 'soak':
      return runSoak(job, preparedFor({ target: job.target, flow: job.soak.flow }))
    case 'queued':
      return runQueued(job)
    case 'requests':
      return runRequests(job)
    case 'handshakes':
      return runHandshakes(job)
  }
}

/** Encoding a long cycle takes longer than a run, so it is kept for the next run of the same flow, at whatever rate. */
function preparedFor(job: Pick<FlowJob, 'target' | 'flow'>): Prepared {
  const { flow, target } = job
  const shape = { ...flow, streams: flow.streams.map((stream) => ({ ...stream, eventsPerSecond: 0 })) }
  const key = JSON.stringify([target.wire, target.publish.wire, shape])
  if (prepared?.key !== key) prepared = { key, value: prepareFor(job) }
  return prepared.value
}
