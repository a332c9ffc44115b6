import { Op } from '../../src/protocol/ops.js'
import { RawClient } from '../helpers/raw-client.js'

const TOPIC = 'neighbours.steady'
const INTERVAL_MS = 2

export interface NeighboursResult {
  published: number
  received: number
  inOrder: boolean
  missed: number
  /** Control frames that were no answers: errors, gaps, farewells. */
  controls: number
}

export interface Neighbours {
  /** Stops publishing, waits for what is under way, and says how it went. */
  stop(): Promise<NeighboursResult>
}

/** A publisher and a subscriber that behave well: one event every few milliseconds, checked for loss and order. */
export async function neighbours(url: string): Promise<Neighbours> {
  const publisher = await RawClient.open(url)
  const subscriber = await RawClient.open(url)
  let published = 0
  let received = 0
  let inOrder = true
  subscriber.onEvent = ({ payload }) => {
    inOrder &&= payload.readUInt32BE(0) === received
    received++
  }
  await subscriber.subscribe(TOPIC)
  const timer = setInterval(() => {
    const payload = Buffer.alloc(100)
    payload.writeUInt32BE(published++)
    publisher.publish(TOPIC, payload)
  }, INTERVAL_MS)
  return {
    async stop() {
      clearInterval(timer)
      const { accepted } = await publisher.sync()
      await subscriber.sync()
      await subscriber.until('all that was accepted', () => received + subscriber.missed >= accepted)
      const answers: number[] = [Op.WELCOME, Op.OK, Op.SYNCED]
      const controls = [...publisher.controls, ...subscriber.controls].filter(({ op }) => !answers.includes(op)).length
      const { missed } = subscriber
      await publisher.close()
      await subscriber.close()
      return { published, received, inOrder, missed, controls }
    },
  }
}
