import type { Option, Reload } from './option.js'

export interface Options {
  readonly [key: string]: Option
}

export interface Section<O extends Options = Options> {
  /** What the section is about, in a line or two. */
  readonly describe: string
  /** Of the options that say nothing else. */
  readonly reload: Reload
  /** By their names in the file: snake_case, no unit for sizes and durations, which carry it in their value. */
  readonly options: O
}

/** Keeps the exact types of the options, of which Config is made. */
export function section<const O extends Options>(definition: Section<O>): Section<O> {
  return definition
}

/** An address or a host name: whether it exists, only listening on it can tell. */
export const HOST_PATTERN = /^[A-Za-z0-9_.:%-]{1,253}$/
export const HOST_EXPECTS = 'an IP address or a host name'
