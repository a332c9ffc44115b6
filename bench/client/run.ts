import type { Load } from '../generator/job.js'
import { LoadMeter } from '../generator/load.js'
import { versionOfPackage } from '../peers/script.js'
import { cpuMsOf } from '../proc.js'
import { bytesAt, CYCLE_EVENTS, placeOfBytes, placeOfReading, readingAt } from './events.js'
import { FarProcess } from './far-process.js'
import { REPORTS_A_WINDOW } from './far-protocol.js'
import type { ClientJob, ClientResult, ClientSpec } from './job.js'
import { libraryFor } from './libraries.js'
import type { Library, LibraryClient } from './library.js'

/** Published before others have a turn: an application that is told nothing of back-pressure has loops, too. */
const PUBLISH_AT_A_TIME = 1024
const STILL_MS = 3000
const POLL_MS = 5

/** One run of a client library in this process. */
export async function runClient(job: ClientJob): Promise<ClientResult> {
  const library = await libraryFor(job.target.wire)
  const far = new FarProcess(job.farCore)
  let client: LibraryClient | null = null
  try {
    const { windowEvents } = library
    await far.ask({ kind: 'begin', target: job.target, client: job.client, windowEvents }, 'ready')
    client = await library.connect(job.target.port)
    const measured =
      job.client.role === 'publish'
        ? await publish(job, client, far, windowEvents)
        : await receive(job, client, far, windowEvents)
    return { kind: 'client', library: nameOf(library), ...measured }
  } finally {
    await client?.close()
    await far.stop()
  }
}

function nameOf({ package: name }: Library): string {
  if (name === null) return 'sluice/client of this checkout'
  const probed = versionOfPackage(name)
  return 'version' in probed ? probed.version : name
}

type Measured = Omit<ClientResult, 'kind' | 'library'>

async function publish(
  job: ClientJob,
  client: LibraryClient,
  far: FarProcess,
  windowEvents: number,
): Promise<Measured> {
  const publisher = new Publisher(client, far, job.client, windowEvents)
  const done = publisher.run()
  const load = await measured(job, far, () => publisher.published)
  publisher.stop()
  await done
  await client.flush()
  const { tally } = await far.ask({ kind: 'published', events: publisher.published }, 'came')
  return { ...load, ...tally }
}

/** Publishes as fast as the library takes it, and as the window allows. */
class Publisher {
  published = 0
  private isStopped = false
  /** Publishes up to so many, fewer when the library wants to be waited for. @returns whether it does not */
  private readonly step: (count: number) => boolean

  constructor(
    private readonly client: LibraryClient,
    private readonly far: FarProcess,
    { payload, payloadBytes }: ClientSpec,
    private readonly windowEvents: number,
  ) {
    const places = Array.from({ length: CYCLE_EVENTS }, (_, place) => place)
    this.step =
      payload === 'bytes'
        ? this.stepOf(
            places.map((place) => bytesAt(place, payloadBytes)),
            (bytes) => client.publishBytes(bytes),
          )
        : this.stepOf(places.map(readingAt), (reading) => client.publishObject(reading))
  }

  stop(): void {
    this.isStopped = true
    this.far.onReceived()
  }

  async run(): Promise<void> {
    while (!this.isStopped) {
      if (this.far.failure !== null) throw this.far.failure
      const room = this.windowEvents - (this.published - this.far.received)
      if (room <= 0) {
        await new Promise<void>((resolve) => {
          this.far.onReceived = resolve
        })
        continue
      }
      if (!this.step(Math.min(room, PUBLISH_AT_A_TIME))) await this.client.ready()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  private stepOf<T>(cycle: readonly T[], publishOne: (event: T) => boolean): (count: number) => boolean {
    let place = 0
    return (count) => {
      let done = 0
      let takes = true
      while (takes && done < count) {
        takes = publishOne(cycle[place])
        place = place + 1 === CYCLE_EVENTS ? 0 : place + 1
        done++
      }
      this.published += done
      return takes
    }
  }
}

async function receive(
  job: ClientJob,
  client: LibraryClient,
  far: FarProcess,
  windowEvents: number,
): Promise<Measured> {
  const arrivals = new Arrivals(windowEvents / REPORTS_A_WINDOW, (events) => far.send({ kind: 'received', events }))
  if (job.client.payload === 'bytes') await client.receiveBytes((bytes) => arrivals.take(placeOfBytes(bytes)))
  else await client.receiveObjects((reading) => arrivals.take(placeOfReading(reading)))
  far.send({ kind: 'publish' })
  const load = await measured(job, far, () => arrivals.count)
  const { events: published } = await far.ask({ kind: 'stop' }, 'published')
  await allCame(arrivals, published)
  const { count: delivered, lost, wrong: reordered } = arrivals
  const doubled = Math.max(0, delivered - published)
  return { ...load, published, delivered, lost: Math.max(lost, published - delivered), doubled, reordered }
}

/** Counts events, and sees whether each follows the one before. */
class Arrivals {
  count = 0
  lost = 0
  wrong = 0
  private next = 0
  private told = 0

  constructor(
    private readonly tellEvery: number,
    private readonly tell: (count: number) => void,
  ) {}

  take(place: number): void {
    this.count++
    if (place !== this.next) this.jumped(place)
    this.next = place + 1 === CYCLE_EVENTS ? 0 : place + 1
    if (this.count - this.told < this.tellEvery) return
    this.told = this.count
    this.tell(this.count)
  }

  private jumped(place: number): void {
    const ahead = (place - this.next + CYCLE_EVENTS) % CYCLE_EVENTS
    if (ahead < CYCLE_EVENTS / 2) this.lost += ahead
    else this.wrong++
  }
}

async function allCame(arrivals: Arrivals, expected: number): Promise<void> {
  let last = -1
  let movedAt = performance.now()
  while (arrivals.count < expected && performance.now() - movedAt < STILL_MS) {
    if (arrivals.count !== last) {
      last = arrivals.count
      movedAt = performance.now()
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Lets it warm up, and measures. */
async function measured(
  { target, cores, warmupMs, measureMs }: ClientJob,
  far: FarProcess,
  events: () => number,
): Promise<Load & { eventsPerSecond: number; clientCpuUsEach: number }> {
  await passed(warmupMs, far)
  const meter = new LoadMeter(target.pid, cores)
  const [cpuBefore, farBefore, before] = [process.cpuUsage(), cpuMsOf(far.pid), events()]
  await passed(measureMs, far)
  const count = events() - before
  const { user, system } = process.cpuUsage(cpuBefore)
  const farCpuMs = cpuMsOf(far.pid) - farBefore
  const load = meter.until()
  if (count === 0) throw new Error('nothing came through while it was measured')
  return {
    ...load,
    // The raw end is one of ours: it has its place on the server's core.
    otherCpuPercent: Math.max(0, load.otherCpuPercent - (farCpuMs / load.measuredMs) * 100),
    eventsPerSecond: (count * 1000) / load.measuredMs,
    clientCpuUsEach: (user + system) / count,
  }
}

function passed(ms: number, far: FarProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    setTimeout(() => (far.failure === null ? resolve() : reject(far.failure)), ms)
  })
}
