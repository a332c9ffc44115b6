import { natsTcp, natsWebSocket } from '../peers/nats.js'
import { redis } from '../peers/redis.js'
import { sluice } from './sluice.js'
import type { Subject, SubjectName } from './subject.js'

export const SUBJECTS: { readonly [name in SubjectName]: Subject } = {
  sluice,
  nats: natsTcp,
  'nats-websocket': natsWebSocket,
  redis,
}

export const PEERS = (Object.keys(SUBJECTS) as SubjectName[]).filter((name) => name !== 'sluice')
