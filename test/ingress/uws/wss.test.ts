import t from 'tap'
import { SUBPROTOCOL_MSGPACK } from '../../../src/protocol/ops.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { makeCertificate, opensslMissing } from '../../helpers/certificates.js'
import { daemonHere } from '../../helpers/daemon.js'
import { RawClient } from '../../helpers/raw-client.js'
import { until } from '../../helpers/until.js'
import { uwsMissing } from '../../helpers/uws-ingress.js'

t.setTimeout(120_000)

const skip = uwsMissing || opensslMissing
/** More than kernels and outboxes take without anybody reading. */
const EVENTS = 24
const PAYLOAD_BYTES = 900_000

t.test(
  'WebSocket over TLS: a slow reader gets all of it, in order; an urgent event overtakes what waits',
  { skip },
  async (t) => {
    const files = makeCertificate(t)
    const daemon = await daemonHere(t, {
      'listen.tls': 'true',
      'listen.engine': 'uws',
      'tls.certificate': files.certificateFile,
      'tls.key': files.keyFile,
      'https.enabled': 'false',
      'outbox.bytes_max': '64MiB',
      'outbox.soft_bytes': '64MiB',
    })
    t.match(daemon.url, /^wss:/)
    const open = () => RawClient.open(daemon.url, [SUBPROTOCOL_MSGPACK], { ca: files.certificate })
    const [publisher, reader] = [await open(), await open()]
    await reader.subscribe('a.>')
    reader.freeze()
    for (let i = 0; i < EVENTS; i++) publisher.send(encodeEvent('a.much', 3, Buffer.alloc(PAYLOAD_BYTES, i)))
    await publisher.sync()
    publisher.send(encodeEvent('a.urgent', 0, Buffer.from('now')))
    await publisher.sync()
    reader.thaw()
    await until('all of it', () => reader.events.length === EVENTS + 1)
    const much = reader.events.filter(({ topic }) => topic === 'a.much')
    t.ok(much.every(({ payload }, i) => payload.length === PAYLOAD_BYTES && payload.every((byte) => byte === i)))
    const place = reader.events.findIndex(({ topic }) => topic === 'a.urgent')
    t.ok(place < EVENTS, `the urgent one is number ${place + 1}`)
  },
)
