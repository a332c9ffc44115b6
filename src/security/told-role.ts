import { USER_PLACE } from '../config/option.js'
import { checkPattern } from '../protocol/topic.js'
import type { RoleTexts } from './roles.js'

/** What a token itself says of what its bearer may do: the claim "sluice", in the words of a [[role]]. */
export type ToldRole = RoleTexts

/** A list of a token is short: all of it has to fit into 8 KiB. */
const PATTERNS_MAX = 64
const NUMBER_MAX = 1_000_000_000_000
const LANE_MAX = 7

const LISTS = ['publish', 'publish_deny', 'subscribe', 'subscribe_deny'] as const
const NUMBERS = ['lane_min', 'events_per_second', 'bytes_per_second', 'connections_max'] as const

/**
 * @param hasRole a role is named beside it: then this can only take away
 * @returns a reason why it cannot be meant. What is not understood is not passed over: it may have been a restriction
 */
export function readToldRole(claim: unknown, hasRole: boolean): ToldRole | string {
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) return 'it is no object'
  const lists = new Map<string, readonly string[]>()
  const numbers = new Map<string, number>()
  for (const [key, value] of Object.entries(claim)) {
    if (isOneOf(LISTS, key)) {
      if (!isPatterns(value)) return `"${key}" is no list of patterns`
      lists.set(key, value)
    } else if (isOneOf(NUMBERS, key)) {
      const max = key === 'lane_min' ? LANE_MAX : NUMBER_MAX
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
        return `"${key}" is no such number`
      numbers.set(key, value)
    } else return 'it has a key that is not known here'
  }
  if (hasRole && (lists.has('publish') || lists.has('subscribe'))) return 'beside a role it can only deny'
  const list = (key: (typeof LISTS)[number]): readonly string[] => lists.get(key) ?? []
  const number = (key: (typeof NUMBERS)[number]): number => numbers.get(key) ?? 0
  return {
    publish: { allow: list('publish'), deny: list('publish_deny') },
    subscribe: { allow: list('subscribe'), deny: list('subscribe_deny') },
    laneMin: number('lane_min'),
    eventsPerSecond: number('events_per_second'),
    bytesPerSecond: number('bytes_per_second'),
    connectionsMax: number('connections_max'),
  }
}

/** A role, less what a token has taken away of it. @param limits what holds where the role says nothing */
export function narrowed(
  role: RoleTexts,
  told: ToldRole,
  limits: Pick<RoleTexts, 'eventsPerSecond' | 'bytesPerSecond' | 'connectionsMax'>,
): RoleTexts {
  return {
    publish: denied(role.publish, told.publish),
    subscribe: denied(role.subscribe, told.subscribe),
    laneMin: Math.max(role.laneMin, told.laneMin),
    eventsPerSecond: least(told.eventsPerSecond, role.eventsPerSecond || limits.eventsPerSecond),
    bytesPerSecond: least(told.bytesPerSecond, role.bytesPerSecond || limits.bytesPerSecond),
    connectionsMax: least(told.connectionsMax, role.connectionsMax || limits.connectionsMax),
  }
}

function denied(role: RoleTexts['publish'], told: RoleTexts['publish']): RoleTexts['publish'] {
  if (role === null || told === null) return role
  return { allow: role.allow, deny: [...role.deny, ...told.deny] }
}

/** 0 says nothing. */
function least(one: number, other: number): number {
  return one === 0 || other === 0 ? one || other : Math.min(one, other)
}

function isPatterns(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= PATTERNS_MAX &&
    value.every((each) => typeof each === 'string' && isPattern(each.replaceAll(USER_PLACE, 'user')))
  )
}

function isPattern(text: string): boolean {
  const bytes = Buffer.from(text)
  return checkPattern(bytes, 0, bytes.length) === 0
}

function isOneOf<const T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name)
}
