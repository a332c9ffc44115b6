import type { Endpoint } from '../generator/job.js'
import type { CertificateFiles } from '../generator/null-server.js'
import type { WireName } from '../wires/wire.js'

/** Our daemon on a port that is measured with timing and without. */
export type TimedName = 'sluice' | 'sluice-streams'
/** Our daemon, by the port and the carrier that is measured. */
export type OurName =
  | TimedName
  | `${TimedName}-untimed`
  | `${TimedName}-permitted`
  | 'sluice-http2'
  | 'sluice-both'
  | 'sluice-again'
  | 'sluice-tls'
  | 'sluice-streams-tls'
export type PeerName =
  | 'nats'
  | 'nats-websocket'
  | 'redis'
  | 'mosquitto'
  | 'aedes'
  | 'socketio'
  | 'ws'
  | 'uwebsockets'
  | 'forwarder'
  | 'fastify'
  | 'node-http2'
export type SubjectName = OurName | PeerName

/** Something that events go through: our daemon, or a peer. */
export interface Subject {
  readonly name: SubjectName
  /** As it is printed. */
  readonly label: string
  /** What its subscribers speak. */
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
  /** Bytes of one message, and the blocks that hold it. */
  messageBytesMax: number
  /** Topics that are known at a time. */
  topicsMax: number
}

export const DEFAULTS: Need = {
  outboxBytesMax: 0,
  outboxEventsMax: 0,
  connectionsMax: 0,
  memoryBytesMax: 0,
  messageBytesMax: 0,
  topicsMax: 0,
}

export interface RunningSubject {
  readonly pid: number
  readonly port: number
  /** Where publishers go; absent: where subscribers go. */
  readonly publish?: Endpoint
  /** What its port speaks TLS with; absent: it does not. */
  readonly tls?: CertificateFiles
  /** Where our daemon tells its counters. */
  readonly adminUrl?: string
  stop(): Promise<void>
}
