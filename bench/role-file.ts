import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** As a role is in practice: some patterns of each kind, of which few match. */
const CONFIGURATION = `
[auth]
allow_anonymous = true
anonymous_role = "bench"

[[role]]
name = "bench"
publish = ["orders.>", "users.*.created", "bench.>"]
publish_deny = ["orders.internal.>", "*.secret", "bench.secret.>"]
subscribe = ["orders.*.created", "bench.>", "metrics.>"]
subscribe_deny = ["bench.secret.>", "*.secret"]
lane_min = 1
`

let made: string | null = null

/** A configuration in which everybody has a role, made once and removed when the benchmark ends. */
export function roleFile(): string {
  if (made !== null) return made
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  made = join(folder, 'sluice.toml')
  writeFileSync(made, CONFIGURATION)
  return made
}
