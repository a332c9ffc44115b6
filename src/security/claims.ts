import { USER_PATTERN } from '../config/forms.js'
import { type Json, own } from './json.js'
import type { SecuritySettings } from './settings.js'
import { readToldRole, type ToldRole } from './told-role.js'

/** What the claims of a token say here. */
export interface Bearer {
  readonly user: string
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number
  /** '' when it has none. */
  readonly tokenId: string
  /** Of a [[role]]; null when none is named. */
  readonly role: string | null
  /** What the claim "sluice" says; null without one. */
  readonly told: ToldRole | null
}

/** Claim with what a token may do here. */
const TOLD_CLAIM = 'sluice'
const SECOND_MS = 1000
/** The end of the year 9999. */
const SECONDS_MAX = 253_402_300_799
const ROLE_PATTERN = /^[a-z0-9_-]{1,64}$/
/** A line of the file of revoked tokens holds it. */
const TOKEN_ID_PATTERN = /^[!-~]{1,256}$/

/**
 * Reads claims (RFC 7519, 4) whose signature is good. Stricter than the RFC has to be: times are whole seconds, names have the form that names have here.
 * @param now milliseconds since 1970
 * @returns the reason why they are not accepted, or what they say
 */
export function readClaims(claims: Json, jwt: SecuritySettings['jwt'], now: number): Bearer | string {
  const wrong = wrongIssuer(claims, jwt) ?? wrongTimes(claims, jwt, now)
  if (wrong !== null) return wrong
  const user = own(claims, jwt.userClaim)
  if (typeof user !== 'string' || !USER_PATTERN.test(user))
    return `its claim "${jwt.userClaim}" is not the name of a user`
  const tokenId = own(claims, 'jti') ?? ''
  if (typeof tokenId !== 'string' || (tokenId !== '' && !TOKEN_ID_PATTERN.test(tokenId)))
    return 'its claim "jti" is no id'
  const role = own(claims, jwt.roleClaim) ?? null
  if (role !== null && (typeof role !== 'string' || !ROLE_PATTERN.test(role)))
    return `its claim "${jwt.roleClaim}" is no name of a role`
  const claim = own(claims, TOLD_CLAIM)
  const told = claim === undefined ? null : readToldRole(claim, role !== null)
  if (typeof told === 'string') return `its claim "${TOLD_CLAIM}": ${told}`
  const expires = own(claims, 'exp') as number | undefined
  return { user, tokenId, role, told, expiresAt: (expires ?? 0) * SECOND_MS }
}

function wrongIssuer(claims: Json, { issuer, audience }: SecuritySettings['jwt']): string | null {
  const by = own(claims, 'iss')
  if (by !== undefined && typeof by !== 'string') return 'its claim "iss" is no text'
  if (issuer !== '' && by !== issuer) return 'another issuer'
  const given = own(claims, 'aud') ?? []
  const audiences = Array.isArray(given) ? (given as unknown[]) : [given]
  if (!audiences.every((each) => typeof each === 'string'))
    return 'its claim "aud" is neither a text nor a list of texts'
  return audience === '' || audiences.includes(audience) ? null : 'for another audience'
}

function wrongTimes(
  claims: Json,
  { clockToleranceMs, lifetimeMaxMs }: SecuritySettings['jwt'],
  now: number,
): string | null {
  const times: number[] = []
  for (const name of ['exp', 'nbf', 'iat']) {
    const time = own(claims, name)
    if (time === undefined) times.push(Number.NaN)
    else if (typeof time === 'number' && Number.isInteger(time) && time >= 0 && time <= SECONDS_MAX)
      times.push(time * SECOND_MS)
    else return `its claim "${name}" is no time in whole seconds`
  }
  const [expires, notBefore, issued] = times
  if (Number.isNaN(expires)) {
    if (lifetimeMaxMs !== 0) return 'it never expires, and jwt.lifetime_max is set'
  } else {
    if (expires <= now) return EXPIRED
    if (lifetimeMaxMs !== 0 && expires > now + lifetimeMaxMs + clockToleranceMs)
      return 'it lives for longer than jwt.lifetime_max'
  }
  if (notBefore > now + clockToleranceMs) return 'it is not valid yet'
  return issued > now + clockToleranceMs ? 'it was issued in the future' : null
}

/** The one reason that leads to another answer, for who is in already. */
export const EXPIRED = 'it has expired'
