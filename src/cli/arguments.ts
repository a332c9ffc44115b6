import { UsageError } from './command.js'
import { didYouMean } from './nearest.js'

/** One option of a command. Without `value` it is a switch. */
export interface Option {
  /** Placeholder of its value in the help text. */
  readonly value?: string
  readonly short?: string
  readonly help: string
}

export type OptionTable = { readonly [name: string]: Option }
/** Value of each option given; switches are `true`. */
export type OptionValues = ReadonlyMap<string, string | true>

export interface Parsed {
  readonly positionals: string[]
  readonly options: Map<string, string | true>
  readonly dotted: Map<string, string>
}

/**
 * Reads the words after the command's name. Not node:util's parseArgs, because `sluice pub temperature -5` is a value and no option,
 * an unknown option is answered with the nearest known one, and `serve` takes dotted options that only the configuration's schema knows.
 * @throws UsageError
 */
export function parseArguments(words: readonly string[], table: OptionTable, dottedOptions = false): Parsed {
  const positionals: string[] = []
  const options = new Map<string, string | true>()
  const dotted = new Map<string, string>()
  for (let i = 0; i < words.length; i++) {
    const word = words[i]
    if (word === '--') {
      positionals.push(...words.slice(i + 1))
      break
    }
    if (!isOption(word)) {
      positionals.push(word)
      continue
    }
    const { given, inline } = split(word, table)
    const name = longName(given, table)
    const option = table[name]
    if (option !== undefined && option.value === undefined) {
      if (inline !== undefined) throw new UsageError(`${given} takes no value`)
      options.set(name, true)
      continue
    }
    const isDotted = option === undefined && dottedOptions && name.includes('.')
    if (option === undefined && !isDotted) {
      const known = Object.keys(table).map((each) => `--${each}`)
      throw new UsageError(`unknown option ${given}${didYouMean(given, known)}`)
    }
    const value = inline ?? words[++i]
    if (value === undefined) throw new UsageError(`${given} needs a value${option ? `: ${option.value}` : ''}`)
    if (isDotted) dotted.set(name, value)
    else options.set(name, value)
  }
  return { positionals, options, dotted }
}

/** A lone dash (standard input) and negative numbers are values. */
function isOption(word: string): boolean {
  return word.length > 1 && word.startsWith('-') && !/^-\.?\d/.test(word)
}

/** `--count=5`, `-n=5` and `-n5` hold their value. */
function split(word: string, table: OptionTable): { given: string; inline: string | undefined } {
  const equals = word.indexOf('=')
  if (equals >= 0) return { given: word.slice(0, equals), inline: word.slice(equals + 1) }
  const short = word.slice(0, 2)
  const takesValue = word.length > 2 && table[longName(short, table)]?.value !== undefined
  return takesValue ? { given: short, inline: word.slice(2) } : { given: word, inline: undefined }
}

function longName(given: string, table: OptionTable): string {
  if (given.startsWith('--')) return Object.hasOwn(table, given.slice(2)) || given.includes('.') ? given.slice(2) : ''
  const letter = given.slice(1)
  return Object.keys(table).find((name) => table[name].short === letter) ?? ''
}
