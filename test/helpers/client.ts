import { Bus } from '../../src/client/bus.js'
import type { ConnectOptions } from '../../src/client/options.js'
import type { Status } from '../../src/client/status.js'
import { FakeDaemon } from './fake-daemon.js'
import { ManualRuntime } from './manual-runtime.js'

export interface Rig {
  readonly bus: Bus
  readonly daemon: FakeDaemon
  readonly runtime: ManualRuntime
  /** All that the bus has told. */
  readonly statuses: Status[]
  /** Those of one type. */
  told<T extends Status['type']>(type: T): Extract<Status, { type: T }>[]
}

/** A bus on a fake daemon in memory, under a clock that stands. */
export async function rig(options: ConnectOptions = {}, daemon = new FakeDaemon(), canPause = true): Promise<Rig> {
  const runtime = new ManualRuntime(daemon)
  runtime.canPause = canPause
  const statuses: Status[] = []
  const onStatus = (status: Status): void => {
    statuses.push(status)
  }
  const bus = await new Bus(runtime, ['ws://a'], { ...options, onStatus }).start()
  return {
    bus,
    daemon,
    runtime,
    statuses,
    told: (type) => statuses.filter((status) => status.type === type) as never,
  }
}
