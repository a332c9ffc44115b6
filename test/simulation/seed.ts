import { writeSync } from 'node:fs'

/** The seed that a test was told to play, or one by chance. */
export function chooseSeed(): number {
  const told = process.env.SLUICE_SEED
  if (told === undefined || told === '') return Math.floor(Math.random() * 0x7fffffff)
  const seed = Number(told)
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`SLUICE_SEED is a whole number, not ${told}`)
  return seed
}

/** Written at once, as a comment of TAP: a world that hangs must have told its seed. */
export function announceSeed(seed: number): void {
  writeSync(1, `# SLUICE_SEED=${seed}\n`)
}
