import { isIPv4, isIPv6 } from 'node:net'
import type { Config } from './config.js'

/** Whether anybody can say who they are. */
export function knowsUsers({ user, jwt }: Pick<Config, 'user' | 'jwt'>): boolean {
  return user.length > 0 || verifiesTokens({ jwt })
}

/** Whether there are keys that tokens of an issuer can be verified by. */
export function verifiesTokens({ jwt }: Pick<Config, 'jwt'>): boolean {
  return jwt.secretFile !== '' || jwt.jwksFile !== '' || jwt.jwksUrl !== ''
}

/** Whether those who say not who they are are let in. */
export function admitsAnonymous(config: Config): boolean {
  return config.auth.allowAnonymous || !knowsUsers(config)
}

/** Whether the admin port answers to those who say not who they are. */
export function isAdminOpen({ admin }: Pick<Config, 'admin'>): boolean {
  return admin.allowAnonymous === 'always' || (admin.allowAnonymous === 'auto' && isLoopback(admin.host))
}

/** Whether only this machine can reach an address. A name other than localhost may stand for anything. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.')
  if (isIPv6(host)) return new URL(`http://[${host}]`).hostname === '[::1]'
  return host.toLowerCase() === 'localhost'
}
