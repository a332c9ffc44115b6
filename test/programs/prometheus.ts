import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repositoryPath } from '../helpers/repository.js'
import { until } from '../helpers/until.js'
import { freePort } from './nginx.js'
import { start } from './programs.js'

interface Teardown {
  teardown(run: () => unknown): void
}

/** The folder of what goes to people who scrape Sluice. */
export const EXAMPLES = repositoryPath('config', 'prometheus')

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: string
}

interface Rule {
  readonly name: string
  readonly health: string
  readonly lastError?: string
}

/** A Prometheus that scrapes a daemon by the example that is shipped, but every second, with the rules that are shipped and those that are given. */
export class Prometheus {
  private constructor(private readonly url: string) {}

  /** @param adminUrl of the daemon */
  static async start(t: Teardown, adminUrl: string, rules: string): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const config = readFileSync(join(EXAMPLES, 'prometheus.yml'), 'utf8')
      .replace(/127\.0\.0\.1:7402/, new URL(adminUrl).host)
      .replace(/(scrape|evaluation)_interval: \d+s/g, '$1_interval: 1s')
    writeFileSync(join(folder, 'prometheus.yml'), config)
    writeFileSync(join(folder, 'slo.rules.yml'), rules)
    copyFileSync(join(EXAMPLES, 'sluice.rules.yml'), join(folder, 'sluice.rules.yml'))
    const listen = `127.0.0.1:${await freePort()}`
    const program = start(t, 'prometheus', [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${listen}`,
      '--log.level=warn',
    ])
    const prometheus = new Prometheus(`http://${listen}`)
    await until('Prometheus is ready', async () => {
      if (!program.isRunning) throw new Error(`prometheus: ${program.stderr}`)
      return fetch(`${prometheus.url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
    return prometheus
  }

  private async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`)
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    return ((await response.json()) as { data: T }).data
  }

  async targets(): Promise<readonly { health: string; lastError: string }[]> {
    return (await this.get<{ activeTargets: { health: string; lastError: string }[] }>('targets')).activeTargets
  }

  /** Every rule of every file. */
  async rules(): Promise<readonly Rule[]> {
    const { groups } = await this.get<{ groups: { rules: Rule[] }[] }>('rules')
    return groups.flatMap(({ rules }) => rules)
  }

  /** Pending ones, too. */
  async alerts(): Promise<readonly FiringAlert[]> {
    return (await this.get<{ alerts: FiringAlert[] }>('alerts')).alerts
  }

  /** Value of an expression by its labels, as JSON. */
  async query(expr: string): Promise<ReadonlyMap<string, number>> {
    type Sample = { metric: Record<string, string>; value: [number, string] }
    const { result } = await this.get<{ result: Sample[] }>(`query?query=${encodeURIComponent(expr)}`)
    return new Map(result.map(({ metric, value }) => [JSON.stringify(metric), Number(value[1])]))
  }

  /** Names of all metrics that were scraped. */
  async names(): Promise<readonly string[]> {
    return this.get('label/__name__/values')
  }
}
