import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Exit } from './daemon.js'
import { until } from './until.js'

export const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url))

interface Teardown {
  teardown(run: () => unknown): void
}

export interface CommandOptions {
  env?: { [name: string]: string }
  cwd?: string
}

/** `sluice …` as a process of its own, which knows nothing of this process's SLUICE_ variables. */
export class Command {
  readonly exited: Promise<Exit>
  stdout = ''
  stderr = ''
  private exit: Exit | null = null

  private constructor(readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => {
      // Not at "exit": what it wrote last must be here then.
      child.once('close', (code, signal) => {
        this.exit = { code, signal }
        resolve(this.exit)
      })
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString()
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    // It may end without having read all of its input.
    child.stdin?.on('error', () => {})
  }

  /** Killed at the end of the test, if it is still there. */
  static start(t: Teardown, words: readonly string[], options: CommandOptions = {}): Command {
    return Command.spawn(t, process.execPath, [MAIN, ...words], options)
  }

  /** Another program that runs the command, such as one that gives it a terminal. */
  static spawn(t: Teardown, file: string, words: readonly string[], { env = {}, cwd }: CommandOptions = {}): Command {
    const { PATH = '' } = process.env
    const command = new Command(spawn(file, words, { stdio: 'pipe', env: { PATH, ...env }, cwd }))
    t.teardown(async () => {
      if (command.isRunning) command.child.kill('SIGKILL')
      await command.exited
    })
    return command
  }

  /** Runs it to its end. */
  static async run(t: Teardown, words: readonly string[], input = '', options: CommandOptions = {}): Promise<Command> {
    const command = Command.start(t, words, options)
    command.end(input)
    await command.exited
    return command
  }

  get isRunning(): boolean {
    return this.exit === null
  }

  /** Once it has ended. */
  get code(): number | null {
    return this.exit?.code ?? null
  }

  /** Lines of its output, without an empty last one. */
  get lines(): string[] {
    return this.stdout === '' ? [] : this.stdout.replace(/\n$/, '').split('\n')
  }

  write(text: string): void {
    this.child.stdin?.write(text)
  }

  end(text = ''): void {
    this.child.stdin?.end(text)
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child.kill(signal)
  }

  untilLines(count: number): Promise<void> {
    return until(`${count} lines of output`, () => this.lines.length >= count)
  }
}
