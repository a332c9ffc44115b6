import { fstatSync } from 'node:fs'
import { symbols } from 'pino'

/** Least level of pino → priority of syslog, most urgent first. */
const PRIORITIES = [
  [60, 2],
  [50, 3],
  [40, 4],
  [30, 6],
] as const
const DEBUG = 7

/** Whether what is written to a descriptor goes straight to the journal (JOURNAL_STREAM of systemd.exec(5)), which keeps priorities. */
export function isJournal(env: NodeJS.ProcessEnv, descriptor: number): boolean {
  if (env.JOURNAL_STREAM === undefined) return false
  try {
    const { dev, ino } = fstatSync(descriptor)
    return env.JOURNAL_STREAM === `${dev}:${ino}`
  } catch {
    return false
  }
}

/** Where pino writes to for the journal: each line with its priority before it, which the journal takes off (SyslogLevelPrefix=). */
export function journalLines(stream: { write(line: string): unknown }): { write(line: string): void } {
  const destination = {
    // Asks pino to set the other before each line.
    [symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string): void {
      const priority = PRIORITIES.find(([level]) => destination.lastLevel >= level)?.[1] ?? DEBUG
      stream.write(`<${priority}>${line}`)
    },
  }
  return destination
}
