import t from 'tap'
import { runCeiling } from '../../bench/generator/ceiling.js'
import type { Connection } from '../../bench/generator/connection.js'
import { buildCycle, buildDeliveries } from '../../bench/generator/cycle.js'
import { prepareFor } from '../../bench/generator/flow.js'
import type { Endpoint, StreamSpec } from '../../bench/generator/job.js'
import { openPublisher, openReceiver } from '../../bench/generator/setup.js'
import { NullProcess } from '../../bench/generator-process.js'
import { endChildrenOnExit } from '../../bench/pinned.js'
import { flow, stream, subscriber } from '../../bench/scenarios/build.js'
import { SUBJECTS } from '../../bench/subjects/index.js'
import { DEFAULTS, type SubjectName } from '../../bench/subjects/subject.js'
import { wireNamed } from '../../bench/wires/index.js'
import type { WireName } from '../../bench/wires/wire.js'
import { until } from '../helpers/until.js'

const TOPIC = 'bench.one'
const EVENTS = 128
/** Of the larger payload it fits into one frame of HTTP/2. */
const BATCH = 32
/** Some protocols write a short length in fewer bytes than a long one. */
const PAYLOADS = [16, 300]
const EXACT = [TOPIC]
const ANY = [TOPIC, 'bench.*', 'bench.>']
const CEILING_MS = 60
/** On a machine that has no time for either process in that. */
const CEILING_MS_MAX = 8000

/** Who speaks each of the wires, and the patterns that it has. */
const SPEAKERS: [SubjectName, readonly string[]][] = [
  ['sluice', ANY],
  ['sluice-http2', ANY],
  ['nats', ANY],
  ['nats-websocket', ANY],
  ['redis', ANY],
  ['mosquitto', ANY],
  ['aedes', ANY],
  ['socketio', EXACT],
  ['ws', EXACT],
  ['uwebsockets', EXACT],
  ['forwarder', EXACT],
]

endChildrenOnExit()

for (const [name, patterns] of SPEAKERS) {
  const subject = SUBJECTS[name]
  const probed = subject.probe()
  const skip = 'absent' in probed ? probed.absent : false
  t.test(`${subject.label} delivers byte for byte what its wire says`, { skip }, async (t) => {
    const running = await subject.start({ core: null, need: DEFAULTS })
    t.teardown(() => running.stop())
    const endpoint: Endpoint = { wire: subject.wire, port: running.port, tls: false }
    for (const pattern of patterns) {
      for (const payloadBytes of PAYLOADS) {
        const passed = await roundTrip(endpoint, running.publish ?? endpoint, pattern, payloadBytes)
        t.ok(passed, `${pattern}, ${payloadBytes} B`)
      }
    }
  })
}

t.test('where topics are exact, a pattern is refused before it is measured', async (t) => {
  for (const name of ['messages', 'socketio'] as const) {
    const connection = {} as Connection
    await t.rejects(wireNamed(name).subscribe(connection, 'bench.*', { bytesMax: 0, eventsMax: 0 }), /exact/)
  }
})

t.test('the generator’s own ceiling is taken in each kind of framing', async (t) => {
  for (const wire of ['mqtt', 'messages', 'socketio', 'forwarder'] as WireName[]) {
    const spec = flow([stream(TOPIC, 1)], [subscriber([TOPIC], [0])], { cycleEvents: EVENTS })
    const nothing = await NullProcess.start(null, { wire, flow: spec, tls: null })
    const endpoint: Endpoint = { wire, port: 0, tls: false }
    const target = { ...endpoint, publish: endpoint, pid: nothing.pid, adminUrl: null }
    const prepared = prepareFor({ target, flow: spec })
    let isTaken = false
    for (let measureMs = CEILING_MS; !isTaken && measureMs < CEILING_MS_MAX; measureMs *= 2) {
      const job = { kind: 'ceiling', target, flow: spec, ...nothing.ports, measureMs } as const
      const { sendEventsPerSecond, receiveDeliveriesPerSecond } = await runCeiling(job, prepared)
      isTaken = sendEventsPerSecond > 0 && receiveDeliveriesPerSecond > 0
    }
    await nothing.stop()
    t.ok(isTaken, wire)
  }
})

/** Publishes two batches. @returns whether what came is the same bytes as what was expected. */
async function roundTrip(to: Endpoint, from: Endpoint, pattern: string, payloadBytes: number): Promise<boolean> {
  const spec: StreamSpec = stream(TOPIC, BATCH)
  const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)
  const { publications } = buildCycle(wireNamed(from.wire), spec, 0, EVENTS, payloadBytes)
  const { bytes } = buildDeliveries(wireNamed(to.wire), spec, 0, EVENTS, payloadBytes, pattern)
  const receiver = await openReceiver(to, readBuffer, subscriber([pattern], [0]), { bytesMax: 0, eventsMax: 0 })
  const publisher = await openPublisher(from, readBuffer)
  try {
    let received = Buffer.alloc(0)
    receiver.stream((chunk, start, end) => {
      received = Buffer.concat([received, chunk.subarray(start, end)])
    })
    publisher.write(publications)
    await wireNamed(from.wire).sync(publisher)
    await until('all deliveries', () => received.length >= bytes.length)
    return received.equals(bytes)
  } finally {
    publisher.close()
    receiver.close()
  }
}
