import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { digest } from './inputs.js'

/** Longer ones take it long to send: it writes each byte as a number in decimal. */
const INPUT_BYTES_MAX = 2048

/** Its clock begins before the target is instrumented, which on a busy machine takes long. What hangs is found by our own workers. */
const TIMEOUT_S = 300

export interface JsfuzzTask {
  root: string
  target: string
  bundle: string
  /** A module that loads packages before jsfuzz instruments what is loaded. */
  preload: string
  inputs: readonly Uint8Array[]
  timeMs: number
  heapMbMax: number
}

export interface JsfuzzResult {
  /** As far as it has told: it does every three seconds, and with each news. */
  runs: number
  news: Buffer[]
  finding: { input: Buffer; why: string } | null
}

/** Runs jsfuzz itself on a target, for a time. It sends each input to a process of its own and gets the coverage back. */
export async function runJsfuzz(task: JsfuzzTask, onProgress: (runs: number) => void): Promise<JsfuzzResult> {
  const { root, bundle, target } = task
  const folder = join(root, 'build/fuzz/jsfuzz', target)
  const artifact = join(root, 'build/fuzz/jsfuzz', `${target}.found`)
  rmSync(folder, { recursive: true, force: true })
  rmSync(artifact, { force: true })
  mkdirSync(folder, { recursive: true })
  const inputs = task.inputs.filter(({ length }) => length <= INPUT_BYTES_MAX)
  const known = new Set(inputs.map(digest))
  for (const input of inputs) writeFileSync(join(folder, digest(input)), input)

  const program = createRequire(`${root}/package.json`).resolve('jsfuzz')
  const child = spawn(
    process.execPath,
    [
      program,
      relative(root, bundle),
      folder,
      ...['--exact-artifact-path', artifact],
      ...['--timeout', String(TIMEOUT_S)],
      ...['--rss-limit-mb', String(task.heapMbMax)],
      // It takes ever longer, and most inputs are not text.
      '--no-versifier',
    ],
    {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: `--require ${task.preload}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const end = (): void => void child.kill('SIGTERM')
  process.once('exit', end)
  let said = ''
  let runs = 0
  const hear = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(-8192)
    for (const [, count] of said.matchAll(/#(\d+) (?:PULSE|NEW)/g)) runs = Math.max(runs, Number(count))
    onProgress(runs)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  // It has no time limit of its own. What it runs in ends when it does.
  const stop = setTimeout(end, task.timeMs)
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearTimeout(stop)
  process.off('exit', end)

  const news = readdirSync(folder)
    .filter((name) => !known.has(name))
    .map((name) => readFileSync(join(folder, name)))
  const tail = said.trim().split('\n').slice(-12).join('\n')
  if (existsSync(artifact)) return { runs, news, finding: { input: readFileSync(artifact), why: tail } }
  if (status !== null && status !== 0) throw new Error(`jsfuzz ended with status ${status}:\n${tail}`)
  return { runs, news, finding: null }
}
