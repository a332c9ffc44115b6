import t from 'tap'
import { Command } from '../helpers/command.js'
import { DaemonProcess } from '../helpers/daemon.js'
import { FakeDaemon, listen } from '../helpers/fake-daemon.js'
import { until } from '../helpers/until.js'

t.test('every event arrives, once and in order', async (t) => {
  const { url } = await DaemonProcess.start(t)
  const words = ['bench', '--events', '20_000', '--size', '64', '--batch', '100', '--subscribers', '3', '--url', url]
  const result = await Command.run(t, [...words, '--json'])
  t.equal(result.code, 0, result.stderr)
  t.match(JSON.parse(result.stdout), {
    events: 20_000,
    sizeBytes: 64,
    published: 20_000,
    delivered: 60_000,
    lost: 0,
    outOfOrder: 0,
    refused: 0,
  })
  const told = await Command.run(t, words)
  t.match(told.stdout, /^20,000 events of 64 bytes, 100 in one go, to 3 subscribers in .+:$/m)
  t.match(told.stdout, /^.+ events\/s in · .+ deliveries\/s out · 0 lost · 0 out of order · 0 refused$/m)
  t.match(told.stdout, 'npm run bench is the full suite')
  t.equal(told.stderr, '', 'no progress bar without a terminal')
})

t.test('loss is told and changes the exit code', async (t) => {
  const daemon = new FakeDaemon()
  const { url, close } = await listen(daemon)
  t.teardown(close)
  // Asked before each event is handed out: from the first one on, nobody gets any.
  daemon.refuses = () => {
    for (const session of daemon.sessions) session.patterns.clear()
    return 0
  }
  const result = await Command.run(t, ['bench', '--events', '1000', '--url', url, '--json'])
  t.match(JSON.parse(result.stdout), { published: 1000, delivered: 0, lost: 1000, outOfOrder: 0, refused: 0 })
  t.equal(result.code, 1)
})

t.test("a topic that nobody may publish to is the caller's mistake", async (t) => {
  const { url } = await DaemonProcess.start(t)
  const result = await Command.run(t, ['bench', '--topic', 'a.*', '--events', '1', '--url', url])
  t.equal(result.code, 2)
  t.match(result.stderr, /^sluice: .+\n$/)
})

t.test('SIGINT ends it with what there is', async (t) => {
  const daemon = await DaemonProcess.start(t)
  const command = Command.start(t, ['bench', '--events', '1_000_000_000', '--url', daemon.url])
  await until('events', async () => (await daemon.scrape()).sum('sluice_events_accepted_total') > 0)
  command.signal('SIGINT')
  await command.exited
  t.equal(command.code, 130)
  t.match(command.stderr, 'interrupted; so far:\n')
  t.match(command.stdout, / events\/s in · /)
})
