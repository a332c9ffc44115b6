/** First element of every frame. Numbers are the wire's and never change; see docs/protocol.md. */
export const Op = {
  EVENT: 1,
  HELLO: 2,
  WELCOME: 3,
  SUBSCRIBE: 4,
  UNSUBSCRIBE: 5,
  OK: 6,
  ERROR: 7,
  SYNC: 8,
  SYNCED: 9,
  PING: 10,
  PONG: 11,
  GAP: 12,
  GOAWAY: 13,
  AUTH: 14,
} as const

export type Op = (typeof Op)[keyof typeof Op]

/** Names of the ops in the JSON subprotocol. */
export const OP_NAMES: { readonly [op: number]: string } = {
  [Op.EVENT]: 'event',
  [Op.HELLO]: 'hello',
  [Op.WELCOME]: 'welcome',
  [Op.SUBSCRIBE]: 'subscribe',
  [Op.UNSUBSCRIBE]: 'unsubscribe',
  [Op.OK]: 'ok',
  [Op.ERROR]: 'error',
  [Op.SYNC]: 'sync',
  [Op.SYNCED]: 'synced',
  [Op.PING]: 'ping',
  [Op.PONG]: 'pong',
  [Op.GAP]: 'gap',
  [Op.GOAWAY]: 'goaway',
  [Op.AUTH]: 'auth',
}

export const PROTOCOL_VERSION = 1
export const SUBPROTOCOL_MSGPACK = 'sluice.v1.msgpack'
export const SUBPROTOCOL_JSON = 'sluice.v1.json'

/** Lanes are RFC 9218 urgencies: 0 is most urgent, 7 least, 3 is what an event has when nothing is said. */
export const LANES = 8
export const LANE_DEFAULT = 3

/** Bits 0–2 of an event's flags are its lane; the others are reserved and must be zero. */
export const FLAGS_LANE_MASK = 0b111

/** What a full outbox does with one event too many. */
export const POLICIES = ['drop-oldest', 'drop-newest', 'conflate', 'disconnect'] as const
export type Policy = (typeof POLICIES)[number]

/** Why a subscriber missed events; also the label of the drop counters. */
export const DROP_REASONS = ['drop-oldest', 'drop-newest', 'conflated', 'expired', 'memory', 'closed'] as const
export type DropReason = (typeof DROP_REASONS)[number]
