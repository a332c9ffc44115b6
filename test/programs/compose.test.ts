// What Compose starts beside the daemon is configured as Prometheus and Compose themselves understand it.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT } from '../house/files.js'
import { missing, run } from './programs.js'

t.setTimeout(60_000)

const noPromtool = missing('promtool', 'prometheus')
const noCompose = missing('docker-compose')

t.test('promtool takes the configuration of its Prometheus', { skip: noPromtool }, async (t) => {
  const folder = t.testdir({})
  copyFileSync(join(ROOT, 'docker/prometheus.yml'), join(folder, 'prometheus.yml'))
  copyFileSync(join(ROOT, 'config/prometheus/sluice.rules.yml'), join(folder, 'sluice.rules.yml'))
  const checked = await run(t, 'promtool', ['check', 'config', join(folder, 'prometheus.yml')])
  t.equal(checked.code, 0, checked.stderr)
  t.match(checked.stdout, /1 rule files found/)
})

t.test('Compose takes its file', { skip: noCompose }, async (t) => {
  // Compose 1, which Debian 12 has, knows all of it but the name of the whole.
  const text = readFileSync(join(ROOT, 'docker/compose.yaml'), 'utf8').replace(/^name: .*$/m, '')
  const file = join(t.testdir({}), 'compose.yaml')
  writeFileSync(file, text)
  const checked = await run(t, 'docker-compose', ['--file', file, 'config'])
  t.equal(checked.code, 0, checked.stderr)
  for (const service of ['sluice', 'prometheus', 'grafana'])
    t.match(checked.stdout, new RegExp(`^ {2}${service}:$`, 'm'))
  t.match(checked.stdout, 'stop_grace_period: 30s')
})
