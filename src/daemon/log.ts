import { type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { Config } from '../config/index.js'
import { isJournal, journalLines } from './systemd/journal.js'

/** JSON lines on standard output for a supervisor; for a person at a terminal, coloured text on standard error. */
export function makeLog({ level, pretty }: Config['log']): Logger {
  const readable = pretty === 'always' || (pretty === 'auto' && process.stderr.isTTY)
  // Not pino's own destination: when the reader has gone it tries for ever, and blocks the loop.
  const lines = isJournal(process.env, 1) ? journalLines(process.stdout) : process.stdout
  if (!readable) return pino({ level, base: { pid: process.pid } }, lines)
  return pino({ level, base: null }, PinoPretty({ destination: 2, sync: true, colorize: process.stderr.isTTY }))
}

export type { Logger }
