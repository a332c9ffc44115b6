import { aedes } from '../peers/aedes.js'
import { fastify } from '../peers/fastify.js'
import { forwarder } from '../peers/forwarder.js'
import { mosquitto } from '../peers/mosquitto.js'
import { natsTcp, natsWebSocket } from '../peers/nats.js'
import { nodeHttp2 } from '../peers/node-http2.js'
import { redis } from '../peers/redis.js'
import { socketIo } from '../peers/socketio.js'
import { uWebSockets } from '../peers/uwebsockets.js'
import { ws } from '../peers/ws.js'
import {
  sluice,
  sluiceAgain,
  sluiceBoth,
  sluiceHttp2,
  sluicePermitted,
  sluiceStreams,
  sluiceStreamsPermitted,
  sluiceStreamsTls,
  sluiceStreamsUntimed,
  sluiceTls,
  sluiceUntimed,
} from './sluice.js'
import type { OurName, PeerName, Subject, SubjectName } from './subject.js'

const OURS: { readonly [name in OurName]: Subject } = {
  sluice,
  'sluice-streams': sluiceStreams,
  'sluice-http2': sluiceHttp2,
  'sluice-both': sluiceBoth,
  'sluice-again': sluiceAgain,
  'sluice-tls': sluiceTls,
  'sluice-streams-tls': sluiceStreamsTls,
  'sluice-untimed': sluiceUntimed,
  'sluice-streams-untimed': sluiceStreamsUntimed,
  'sluice-permitted': sluicePermitted,
  'sluice-streams-permitted': sluiceStreamsPermitted,
}

const OTHERS: { readonly [name in PeerName]: Subject } = {
  nats: natsTcp,
  'nats-websocket': natsWebSocket,
  redis,
  mosquitto,
  aedes,
  socketio: socketIo,
  ws,
  uwebsockets: uWebSockets,
  forwarder,
  fastify,
  'node-http2': nodeHttp2,
}

export const SUBJECTS: { readonly [name in SubjectName]: Subject } = { ...OURS, ...OTHERS }

export const PEERS = Object.keys(OTHERS) as PeerName[]

export function isOurs(name: SubjectName): name is OurName {
  return name in OURS
}
