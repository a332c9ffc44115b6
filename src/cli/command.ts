import type { Writable } from 'node:stream'
import type { OptionTable, OptionValues } from './arguments.js'

/** What the process answers to its caller; the table in `sluice --help` is made from these. */
export const Exit = {
  OK: 0,
  FAILED: 1,
  USAGE: 2,
  SIGINT: 130,
  SIGTERM: 143,
} as const

/** Meanings of the exit codes, for help texts. */
export const EXIT_TABLE: readonly (readonly [number, string])[] = [
  [Exit.OK, 'done; for serve: drained'],
  [
    Exit.FAILED,
    'it could not be done: no daemon, connection lost for good, events refused, invalid lines, a port in use',
  ],
  [Exit.USAGE, 'not understood: unknown command or option, bad value, error in the configuration'],
  [Exit.SIGINT, 'interrupted by SIGINT (Ctrl-C), after finishing cleanly; serve answers 0 unless signalled twice'],
  [Exit.SIGTERM, 'ended by SIGTERM, likewise'],
]

/** The caller asked for something that cannot be meant; printed as one sentence, exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The world said no: printed as one sentence, exit code 1. */
export class Failure extends Error {
  override name = 'Failure'
}

/** What a command sees of the process it runs in. */
export interface Context {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: Writable & { isTTY?: boolean; columns?: number }
  readonly env: NodeJS.ProcessEnv
  /** Aborted by the first SIGINT or SIGTERM, with the signal's name as reason. The second ends the process at once. */
  readonly interrupted: AbortSignal
}

export interface Example {
  readonly line: string
  readonly says: string
}

export interface Command {
  readonly name: string
  /** Forms of the line, without `sluice`. */
  readonly usage: readonly string[]
  /** What it does, in full sentences, wrapped by hand at 100 columns. */
  readonly about: readonly string[]
  readonly options: OptionTable
  /** Help text of options that are not in the table but handed to the command as given: `--section.key VALUE`. */
  readonly dottedOptions?: string
  readonly positionalsMax: number
  readonly examples: readonly Example[]
  run(given: Given, context: Context): Promise<number>
}

/** A command line that has been understood. */
export interface Given {
  readonly positionals: readonly string[]
  readonly options: OptionValues
  /** Dotted options and their values, in the order given. */
  readonly dotted: ReadonlyMap<string, string>
}

/** Exit code of a command that was cut short: the one a shell would report for the signal. */
export function exitOfSignal(signal: AbortSignal): number {
  return signal.reason === 'SIGTERM' ? Exit.SIGTERM : Exit.SIGINT
}
