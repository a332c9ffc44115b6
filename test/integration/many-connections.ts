import { encodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import { RawClient } from '../helpers/raw-client.js'

/** A child process with as many subscribers as it is asked for, opened some at a time. */
const [, , url, size, topic] = process.argv
const AT_A_TIME = 100
const subscribe = encodeControl({ op: Op.SUBSCRIBE, request: 1, pattern: topic, options: {} })

const clients: RawClient[] = []
let opening = 0
let subscribed = 0
let received = 0

function report(what: string): void {
  process.send?.({ what, subscribed, received, open: clients.filter(({ closed }) => closed === null).length })
}

async function openSome(): Promise<void> {
  while (opening < Number(size)) {
    opening++
    const client = await RawClient.open(url)
    client.onEvent = () => {
      if (++received === Number(size)) report('received')
    }
    client.send(subscribe)
    await client.until('OK', () => client.told(Op.OK).length === 1)
    clients.push(client)
    subscribed++
  }
}

process.on('message', (message) => {
  if (message === 'report') report('report')
  else Promise.all(clients.map((client) => client.close())).then(() => report('closed'))
})
await Promise.all(Array.from({ length: AT_A_TIME }, openSome))
report('subscribed')
