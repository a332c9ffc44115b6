import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Command, type CommandOptions } from '../helpers/command.js'

interface Teardown {
  teardown(run: () => unknown): void
}

/** Debian keeps servers where only root looks. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']

/** Where a program is; null when it is not installed. */
export function pathOf(program: string): string | null {
  return FOLDERS.map((folder) => join(folder, program)).find(existsSync) ?? null
}

/** For `skip` of a test: false when the program is there, else why it is skipped. */
export function missing(program: string, debianPackage = program): string | false {
  return pathOf(program) === null && `${program} is not installed (Debian: apt install ${debianPackage})`
}

/** Starts a program, which is killed at the end of the test if it is still there. */
export function start(t: Teardown, program: string, words: readonly string[], options: CommandOptions = {}): Command {
  return Command.spawn(t, pathOf(program) as string, words, options)
}

/** Runs a program to its end. */
export async function run(t: Teardown, program: string, words: readonly string[], input = ''): Promise<Command> {
  const command = start(t, program, words)
  command.end(input)
  await command.exited
  return command
}
