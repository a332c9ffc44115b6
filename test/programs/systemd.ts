import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from '../helpers/command.js'
import { repositoryPath } from '../helpers/repository.js'
import { until } from '../helpers/until.js'
import { missing, run, start } from './programs.js'

interface Teardown {
  teardown(run: () => unknown): void
}

const CHECKOUT = repositoryPath()
/** A machine of systemd-nspawn has these for itself. */
const OWN_FOLDERS = /^\/(tmp|run|dev|proc|sys)\//
const BOOT_PATIENCE_MS = 60_000
const LOOK_INTERVAL_MS = 100
const NAMESPACES = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup']
/** What is started there ends with the nsenter that started it. */
const ENTER = [...NAMESPACES, '--', 'setpriv', '--pdeathsig', 'KILL', '--']

/**
 * Boots systemd on an overlay of this machine's root: what is written there is in memory, and gone with the process, since all is mounted in a mount
 * namespace of its own. Of the services installed here none is started.
 */
const BOOT = `
set -e
mount -t tmpfs -o size=1g,mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cd "$1/root"
rm -rf etc/systemd/system/*.wants lib/systemd/system/timers.target.wants
rm -rf etc/sluice var/lib/sluice usr/lib/sluice usr/local/bin/sluice etc/systemd/system/sluice.service*
cd /
exec systemd-nspawn --quiet --directory="$1/root" --machine="sluice-test-$2" --bind-ro="$3:/usr/local/bin/node" \\
  --private-network --boot --register=no --keep-unit \\
  --link-journal=no --resolv-conf=off --timezone=off --console=pipe systemd.unit=basic.target
`

/** For `skip` of a test: false when a machine can be booted here, else why not. */
export function whyNoMachine(): string | false {
  if (process.getuid?.() !== 0) return 'only root can boot a machine'
  if (OWN_FOLDERS.test(CHECKOUT)) return `the machine has a folder of its own where this checkout is: ${CHECKOUT}`
  return missing('systemd-nspawn', 'systemd-container') || missing('nsenter', 'util-linux') || missing('ss', 'iproute2')
}

/** A machine with a systemd of its own, and no network but its loopback. */
export class Machine {
  private constructor(
    private readonly t: Teardown,
    private readonly leader: number,
  ) {}

  /** Resolves when it is up. Gone at the end of the test. */
  static async boot(t: Teardown): Promise<Machine> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-machine-'))
    const words = [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      BOOT,
      'sh',
      folder,
      String(process.pid),
      process.execPath,
    ]
    const nspawn = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [nspawn.stdout, nspawn.stderr]) {
      stream.on('data', (data: Buffer) => {
        said += data.toString()
      })
    }
    const closed = new Promise<void>((resolve) => nspawn.once('close', () => resolve()))
    t.teardown(async () => {
      const leader = childOf(nspawn)
      if (leader !== null) process.kill(leader, 'SIGKILL')
      nspawn.kill('SIGKILL')
      await closed
      rmdirSync(folder)
    })
    let machine: Machine | null = null
    await until(
      'systemd is up',
      async () => {
        if (nspawn.exitCode !== null) throw new Error(`no machine: ${said}`)
        const leader = childOf(nspawn)
        if (leader === null) return false
        machine = new Machine(t, leader)
        return /^(running|degraded)/.test((await machine.run(['systemctl', 'is-system-running'])).stdout)
      },
      BOOT_PATIENCE_MS,
    )
    return machine as unknown as Machine
  }

  /** Starts a program there. */
  start(words: readonly string[]): Command {
    return start(this.t, 'nsenter', [`--target=${this.leader}`, ...ENTER, ...words])
  }

  /** Runs a program there to its end. */
  run(words: readonly string[], input = ''): Promise<Command> {
    return run(this.t, 'nsenter', [`--target=${this.leader}`, ...ENTER, ...words], input)
  }

  /** Runs a program there that must succeed. @returns what it wrote to its output */
  async ask(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(words)
    if (code !== 0) throw new Error(`${words.join(' ')}: ${code}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  /** Runs a script of npm in the checkout there. */
  npm(script: string, ...words: string[]): Promise<string> {
    return this.ask(
      'sh',
      '-c',
      'cd "$1" && shift && exec npm run --silent "$@"',
      'sh',
      CHECKOUT,
      script,
      '--',
      ...words,
    )
  }

  /** Writes a file there, and the folders above it. */
  async write(path: string, text: string): Promise<void> {
    const { code, stderr } = await this.run(['sh', '-c', 'mkdir -p "$(dirname "$1")" && cat > "$1"', 'sh', path], text)
    if (code !== 0) throw new Error(`${path}: ${stderr}`)
  }

  /** A property of the service. */
  property(name: string): Promise<string> {
    return this.ask('systemctl', 'show', '--value', `--property=${name}`, 'sluice')
  }

  /** Resolves when another process than `before` serves; how long that took, in milliseconds. */
  async untilRestarted(before: string, patienceMs: number): Promise<number> {
    const startedAt = performance.now()
    await until(
      'the service is restarted',
      async () => {
        // Asking takes a process, which would compete with the one that is waited for.
        await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
        const [pid, state] = (
          await this.ask('systemctl', 'show', '--property=MainPID,SubState', '--value', 'sluice')
        ).split('\n')
        return state === 'running' && pid !== before
      },
      patienceMs,
    )
    return performance.now() - startedAt
  }
}

/** What a process has started, if it is there already: the machine's systemd is the only child of systemd-nspawn in the end. */
function childOf({ pid }: ChildProcess): number | null {
  const list = `/proc/${pid}/task/${pid}/children`
  if (pid === undefined || !existsSync(list)) return null
  const [child] = readFileSync(list, 'utf8').trim().split(' ')
  if (child === undefined || child === '') return null
  try {
    return readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'systemd' ? Number(child) : null
  } catch {
    // One that comes before it, and has gone.
    return null
  }
}
