import { connect } from 'node:net'
import t from 'tap'
import { daemonHere } from '../../helpers/daemon.js'
import { NotifyListener } from '../../helpers/notify-listener.js'
import { RawClient } from '../../helpers/raw-client.js'
import { until } from '../../helpers/until.js'

function isOpen(port: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

t.test('systemd is told of a start, a reload and a stop, and that events come through', async (t) => {
  const listener = NotifyListener.atPath(t)
  Object.assign(process.env, {
    NOTIFY_SOCKET: listener.address,
    WATCHDOG_USEC: '200000',
    WATCHDOG_PID: String(process.pid),
  })
  const starting = daemonHere(t)
  await until('ready', () => listener.having('READY=1').length === 1)
  const daemon = await starting
  t.same(
    Object.keys(process.env).filter((name) => /^(NOTIFY|WATCHDOG)_/.test(name)),
    [],
    'children do not speak in its name',
  )
  for (const url of [daemon.url, daemon.http2Url, daemon.adminUrl]) t.ok(await isOpen(new URL(url).port), url)
  await until('signs of life', () => listener.having('WATCHDOG=1').length >= 3)

  const client = await RawClient.open(daemon.url)
  client.publish('a', Buffer.alloc(10))
  await client.sync()
  await until('figures', () => /^taking [\d,]+ events\/s, 1 connection/.test(listener.status))

  await daemon.reload()
  await until('ready again', () => listener.having('READY=1').length === 2)
  const told = listener.heard.map(([first]) => first)
  t.ok(told.indexOf('RELOADING=1') < told.lastIndexOf('READY=1'))
  t.match(listener.status, /; configuration \w+: 0 changed at /)

  await daemon.stop('end')
  await until('stopping', () => listener.having('STOPPING=1').length === 1)
  t.match(listener.having('STOPPING=1')[0], [/STOPPING/, /^EXTEND_TIMEOUT_USEC=\d{7}$/])
})
