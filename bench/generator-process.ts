import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer, Job, JobResult } from './generator/job.js'
import type { NullPorts, NullRequest } from './generator/null-server.js'
import { spawnPinned, stopProcess } from './pinned.js'

const GENERATOR = fileURLToPath(new URL('./generator/main.js', import.meta.url))
const NULL_SERVER = fileURLToPath(new URL('./generator/null-server.js', import.meta.url))

/** What any job may take beside the time that it measures: connecting and settling take theirs. Longer is a stall, of whoever. */
const ANSWER_MS_MAX = 60_000

/** A generator in a process of its own, pinned away from the subject. */
export class GeneratorProcess {
  private readonly child: ChildProcess

  constructor(core: number | null) {
    this.child = spawnNode(core, GENERATOR)
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  async run<J extends Job>(job: J): Promise<JobResult<J>> {
    const answer = await ask<Answer>(this.child, job, ANSWER_MS_MAX + lengthMsOf(job))
    if ('error' in answer) throw new Error(answer.error)
    return answer.result as JobResult<J>
  }

  stop(): Promise<void> {
    return stopProcess(this.child)
  }
}

/** What generators are measured against, on the subject's core. */
export class NullProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly ports: NullPorts,
  ) {}

  static async start(core: number | null, request: NullRequest): Promise<NullProcess> {
    const child = spawnNode(core, NULL_SERVER)
    return new NullProcess(child, await ask<NullPorts>(child, request, ANSWER_MS_MAX))
  }

  get pid(): number {
    return this.child.pid!
  }

  stop(): Promise<void> {
    return stopProcess(this.child)
  }
}

function spawnNode(core: number | null, script: string): ChildProcess {
  return spawnPinned(core, process.execPath, [script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

function lengthMsOf(job: Job): number {
  if (job.kind === 'soak') return job.soak.lengthMs
  return 'measureMs' in job ? job.measureMs : 0
}

function ask<T>(child: ChildProcess, question: object, answerMsMax: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), answerMsMax)
    const onExit = (code: number | null, signal: string | null) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      const why = signal === 'SIGKILL' ? `no answer within ${answerMsMax / 1000} s` : `ended with ${signal ?? code}`
      reject(new Error(`generator process: ${why}`))
    }
    const onMessage = (message: unknown) => {
      clearTimeout(timer)
      child.off('exit', onExit)
      resolve(message as T)
    }
    child.once('message', onMessage)
    child.once('exit', onExit)
    child.send(question)
  })
}
