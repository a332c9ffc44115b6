import type { WireName } from '../wires/wire.js'

export type SubjectName = 'sluice' | 'nats' | 'nats-websocket' | 'redis'

/** Something that events go through: our daemon, or a peer. */
export interface Subject {
  readonly name: SubjectName
  /** As it is printed. */
  readonly label: string
  readonly wire: WireName
  /** How it is started, in words: defaults or documented fast settings. */
  readonly settings: string
  /** Its version, or why it cannot take part. */
  probe(): { version: string } | { absent: string }
  start(options: StartOptions): Promise<RunningSubject>
}

export interface StartOptions {
  core: number | null
  /** What a scenario needs raised above the defaults. Each subject says it in its own words or ignores it. */
  need: Need
}

export interface Need {
  /** Bytes and events that may wait for one subscriber; 0 is the subject's default. */
  outboxBytesMax: number
  outboxEventsMax: number
  connectionsMax: number
  /** Bytes that may wait for all subscribers together. */
  memoryBytesMax: number
}

export const DEFAULTS: Need = { outboxBytesMax: 0, outboxEventsMax: 0, connectionsMax: 0, memoryBytesMax: 0 }

export interface RunningSubject {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}
