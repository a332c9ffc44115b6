import type { Config } from '../config/config.js'

/** The parts of the configuration that say who may come in, and what they may. */
export type SecuritySettings = Pick<Config, 'auth' | 'jwt' | 'limits' | 'user' | 'role'>

/** Where the reasons go that nobody outside is told. */
export type SecurityLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  sentence: string,
  fields?: Readonly<Record<string, unknown>>,
) => void
