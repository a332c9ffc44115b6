import type { Load, Target } from '../generator/job.js'

/** What a client library does in a run. */
export interface ClientSpec {
  role: 'publish' | 'receive'
  /** Bytes as they are, or small objects, each in the encoding that is usual for the library. */
  payload: 'bytes' | 'objects'
  /** Of one event on the wire. */
  payloadBytes: number
}

export interface ClientJob {
  kind: 'client'
  target: Target
  client: ClientSpec
  /** Core of the raw end that the client has events from, or gives them to; null: not pinned. */
  farCore: number | null
  warmupMs: number
  measureMs: number
  cores: number[]
}

/** What was published over the whole run, with warm-up and drain, and what came of it. */
export interface ClientTally {
  published: number
  delivered: number
  lost: number
  doubled: number
  reordered: number
}

export interface ClientResult extends Load, ClientTally {
  kind: 'client'
  /** The library, as it is called, with its version. */
  library: string
  eventsPerSecond: number
  /** Processor time of the client's process for one event, in µs. */
  clientCpuUsEach: number
}
