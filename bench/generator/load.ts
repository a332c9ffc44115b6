import { busyMsOf, cpuMsOf, mainCpuMsOf, rssBytesOf } from '../proc.js'
import type { Load } from './job.js'

interface Snapshot {
  at: number
  subjectCpuMs: number
  subjectMainCpuMs: number
  generatorCpuMs: number
  busyMs: number
}

/** What subject, generator and everybody else take of the cores from its making on. */
export class LoadMeter {
  private readonly before: Snapshot

  /** @param cores of subject and generator, none if they are not pinned */
  constructor(
    private readonly subjectPid: number,
    private readonly cores: readonly number[],
  ) {
    this.before = this.snapshot()
  }

  until(): Load {
    const { before } = this
    const after = this.snapshot()
    const percent = (key: 'subjectCpuMs' | 'subjectMainCpuMs' | 'generatorCpuMs' | 'busyMs') =>
      ((after[key] - before[key]) / (after.at - before.at)) * 100
    const [subjectCpuPercent, generatorCpuPercent] = [percent('subjectCpuMs'), percent('generatorCpuMs')]
    return {
      measuredMs: after.at - before.at,
      subjectCpuPercent,
      subjectMainCpuPercent: percent('subjectMainCpuMs'),
      generatorCpuPercent,
      otherCpuPercent: Math.max(0, percent('busyMs') - subjectCpuPercent - generatorCpuPercent),
      subjectRssBytes: rssBytesOf(this.subjectPid),
    }
  }

  private snapshot(): Snapshot {
    return {
      at: performance.now(),
      subjectCpuMs: cpuMsOf(this.subjectPid),
      subjectMainCpuMs: mainCpuMsOf(this.subjectPid),
      generatorCpuMs: cpuMsOf(process.pid),
      busyMs: busyMsOf(this.cores),
    }
  }
}
