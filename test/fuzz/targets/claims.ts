import { USER_PATTERN } from '../../../src/config/forms.js'
import { readClaims } from '../../../src/security/claims.js'
import { isJson } from '../../../src/security/json.js'
import type { SecuritySettings } from '../../../src/security/settings.js'
import { must } from '../target.js'

/** The claims of a token whose signature is good, which is no reason to trust what else is in it. */

const NOW = 1_800_000_000_000
const settings = (issuer: string, audience: string, lifetimeMaxMs: number): SecuritySettings['jwt'] =>
  ({
    issuer,
    audience,
    lifetimeMaxMs,
    userClaim: 'sub',
    roleClaim: 'role',
    clockToleranceMs: 30_000,
  }) as SecuritySettings['jwt']
const OPEN = settings('', '', 0)
const STRICT = settings('https://issuer.example', 'sluice', 3_600_000)

export const words = [
  '{"sub":"a","exp":1800000100}',
  '{"iss":"https://issuer.example","aud":["sluice"],"sub":"a","exp":1800000100,"nbf":1799999999,"iat":1800000000,"jti":"x"}',
  '"role":"reader"',
  '"sluice":{"publish":["a.>"],"subscribe":["b"],"lane_min":3,"events_per_second":10}',
  ...[
    '"publish_deny":[]',
    '"subscribe_deny":[">"]',
    '"bytes_per_second":1',
    '"connections_max":1',
    '"exp":1800000000',
    '"exp":1e999',
    '"exp":-0',
  ],
  ...[
    '"__proto__":{"sub":"a"}',
    '"constructor":1',
    'null',
    '[]',
    '"aud":"sluice"',
    '\\ud800',
    '\\u0000',
    '{user}',
    '"sub":""',
  ],
]

function claimsOf(input: Buffer): Parameters<typeof readClaims>[0] | null {
  try {
    const value: unknown = JSON.parse(input.toString())
    return isJson(value) ? value : null
  } catch {
    return null
  }
}

export function handle(input: Buffer): unknown {
  const claims = claimsOf(input)
  return claims === null ? null : readClaims(claims, STRICT, NOW)
}

export function fuzz(input: Buffer): void {
  const claims = claimsOf(input)
  if (claims === null) return
  const bearer = readClaims(claims, OPEN, NOW)
  const strictly = readClaims(claims, STRICT, NOW)
  if (typeof bearer === 'string') {
    must(typeof strictly === 'string', 'who asks for more takes less')
    must(bearer.length < 300, 'a reason of some length', bearer)
    return
  }
  const { user, expiresAt, tokenId, role } = bearer
  must(
    Object.hasOwn(claims, 'sub') && user === claims.sub && USER_PATTERN.test(user),
    'the user of the token itself',
    user,
  )
  must(tokenId === '' || tokenId === claims.jti, 'its id', tokenId)
  must(role === null || role === claims.role, 'its role', role)
  must(expiresAt === 0 ? claims.exp === undefined : expiresAt > NOW, 'it has not expired', expiresAt)
  must(Number.isSafeInteger(expiresAt), 'a time', expiresAt)
  if (typeof strictly === 'string') return
  must(claims.iss === STRICT.issuer, 'of its issuer', claims.iss)
  must([claims.aud].flat().includes(STRICT.audience), 'for us', claims.aud)
  must(
    strictly.expiresAt > NOW && strictly.expiresAt <= NOW + 3_630_000,
    'for no longer than it may',
    strictly.expiresAt,
  )
}
