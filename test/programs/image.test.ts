// The image is built from the Dockerfile, on bases made here, and run as its own documents say to run it.
import t from 'tap'
import type { Command } from '../helpers/command.js'
import { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'
import { ROOT } from '../house/files.js'
import { Images, whyNoImages } from './image.js'

const LONG = 'takes minutes and the packages of a Debian: set SLUICE_LONG=docker, and SLUICE_TEST_TIMEOUT_S=900'
const skip = (!['1', 'docker'].includes(process.env.SLUICE_LONG ?? '') && LONG) || whyNoImages()

const IMAGE_BYTES_MAX = 250 * 1024 * 1024
/** As in docs/docker.md; but for limits that this machine may not be allowed to raise. */
const CONFINED = ['--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all', '--security-opt', 'no-new-privileges']
const LIMITS = ['--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=4096:4096']
const ANONYMOUS = ['--env', 'SLUICE_AUTH_ALLOW_ANONYMOUS=true']

t.setTimeout(900_000)

interface Inspected {
  readonly Size: number
  readonly Config: {
    readonly User: string
    readonly StopSignal: string
    readonly Entrypoint: readonly string[]
    readonly ExposedPorts: Readonly<Record<string, unknown>>
    readonly Labels: Readonly<Record<string, string>>
    readonly Env: readonly string[]
  }
  readonly Healthcheck: { readonly Test: readonly string[] }
}

t.test('the image', { skip }, async (t) => {
  const images = await Images.open(t)
  await images.makeBases()
  await images.build(ROOT)
  const confined = [...CONFINED, ...LIMITS]
  const options = [...confined, '--no-healthcheck']
  const once = async (...words: string[]): Promise<Command> => {
    const command = images.start('run', '--rm', ...options, '--network', 'none', ...words)
    command.end()
    await command.exited
    return command
  }
  const inside = (script: string): Promise<Command> => once('--entrypoint', 'sh', 'sluice', '-c', script)

  await t.test('says what it is', async (t) => {
    const [{ Size, Config, Healthcheck }] = JSON.parse(await images.podman('image', 'inspect', 'sluice')) as Inspected[]
    t.comment(`${(Size / 1e6).toFixed(1)} MB`)
    t.ok(Size < IMAGE_BYTES_MAX, `${Size} bytes`)
    t.match(Config, {
      User: '7400:7400',
      StopSignal: /^(SIGTERM|15)$/,
      Entrypoint: ['sluice'],
    })
    t.same(Healthcheck.Test, ['CMD', 'sluice', 'health'])
    t.same(Object.keys(Config.ExposedPorts).sort(), ['7400/tcp', '7401/tcp', '7402/tcp', '7443/tcp'])
    t.equal(Config.Labels['org.opencontainers.image.title'], 'Sluice')
    t.notMatch(Config.Env.join('\n'), /npm|registry/i)
  })

  await t.test('holds what runs and nothing else, and nothing that its user could change', async (t) => {
    t.match((await once('sluice', '--version')).stdout, /^\d+\.\d+\.\d+\n$/)
    t.equal((await inside('id -u; id -g')).stdout, '7400\n7400\n')
    t.equal(
      (await inside('command -v npm npx yarn corepack curl gcc; find / -xdev -name .npmrc -o -name npmrc')).stdout,
      '',
    )
    const strange = 'find /opt/sluice -name "*.map" -o -name typescript -o -name tap -o -name esbuild'
    t.equal((await inside(strange)).stdout, '')
    t.equal(
      (await inside('ls /opt/sluice')).stdout,
      'LICENSE\nREADME.md\nSECURITY.md\nbin\nconfig\ndist\ndocs\nnode_modules\npackage.json\nsbom\nsystemd\n',
    )
    t.match((await inside('ls /opt/sluice/node_modules/uWebSockets.js/dist/bin')).stdout, /^uws_linux_x64_\d+\.node\n$/)
    t.match((await inside('cat /opt/sluice/sbom/sluice.cdx.json')).stdout, '"bomFormat": "CycloneDX"')
    const writable = images.start(
      ...['run', '--rm', '--network', 'none', ...LIMITS, '--no-healthcheck', '--entrypoint', 'sh', 'sluice', '-c'],
      'find / -xdev -writable \\( -type f -o -type d \\) -not -path "/tmp*" -not -path "/var/tmp*" -not -path "/run*"',
    )
    await writable.exited
    t.equal(writable.stdout, '/var/lib/sluice\n')
    t.equal((await inside('touch /opt/x /tmp/x /var/lib/sluice/x && echo yes')).stdout, '')
  })

  await t.test('does not listen for everybody before somebody has said so', async (t) => {
    const refused = await once('sluice')
    t.equal(refused.code, 2)
    t.match(refused.stderr, /listen\.host: .*auth\.allow_anonymous/)
  })

  await t.test('serves in its defaults, is healthy, and drains', async (t) => {
    const daemon = images.start('run', '--name', 'alone', ...confined, ...ANONYMOUS, '--network', 'none', 'sluice')
    await until('readiness', () => / ready: .*\n/.test(daemon.stdout))
    t.match(daemon.stdout, /engine uWebSockets\.js · pid 1\n/)
    t.notMatch(daemon.stdout, /socket buffers are not bounded/)
    // As an engine does it, by what the image says.
    const healthy = images.start('healthcheck', 'run', 'alone')
    await healthy.exited
    t.equal(healthy.code, 0, healthy.stderr)
    t.equal(await images.podman('exec', 'alone', 'sluice', 'health'), 'ready\n')

    const reader = images.start('exec', 'alone', 'sluice', 'sub', 'orders.>', '--count', '1')
    await until('a subscription', async () =>
      (await images.podman('exec', 'alone', 'sluice', 'topics', '--patterns')).includes('orders.>'),
    )
    await images.podman('exec', 'alone', 'sluice', 'pub', 'orders.eu.created', '{"id":1}', '--lane', '0')
    await reader.untilLines(1)
    t.match(JSON.parse(reader.lines[0]), { topic: 'orders.eu.created', lane: 0, value: { id: 1 } })

    const status = await images.podman('exec', 'alone', 'cat', '/proc/1/status')
    t.match(status, /^CapBnd:\s+0+$/m)
    t.match(status, /^NoNewPrivs:\s+1$/m)
    t.match(status, /^Uid:\s+7400\s/m)
    // Nobody waits for what has ended but process 1.
    t.equal(await images.podman('exec', 'alone', 'sh', '-c', 'cut -d" " -f3 /proc/[0-9]*/stat | grep Z || true'), '')

    await images.podman('stop', '--time', '30', 'alone')
    await daemon.exited
    t.equal(daemon.code, 0)
    t.match(daemon.stdout, /"reason":"SIGTERM".*"draining"/)
    t.match(daemon.stdout, /"stopped"/)
  })

  await t.test('takes clients from outside, and a signal sent to it', async (t) => {
    const ports = ['listen', 'http2', 'admin'].flatMap((name) => ['--env', `SLUICE_${name.toUpperCase()}_PORT=0`])
    const daemon = images.start(
      'run',
      '--name',
      'open',
      ...options,
      ...ANONYMOUS,
      ...ports,
      '--network',
      'host',
      'sluice',
    )
    const ready = / ready: ws:\/\/0\.0\.0\.0:(\d+) /
    await until('readiness', () => ready.test(daemon.stdout))
    const url = `ws://127.0.0.1:${ready.exec(daemon.stdout)?.[1]}`
    const reader = await RawClient.open(url)
    await reader.subscribe('orders.>')
    const publisher = await RawClient.open(url)
    publisher.publish('orders.eu.created', 'x', 0)
    t.match(await publisher.sync(), { accepted: 1 })
    await reader.until('the event', () => reader.events.length === 1)
    process.kill(Number(await images.podman('inspect', '--format', '{{.State.Pid}}', 'open')), 'SIGTERM')
    await daemon.exited
    t.equal(daemon.code, 0)
  })
})
