import { USER_PLACE } from '../config/option.js'
import { Access, FULL_ACCESS } from '../core/access.js'
import type { RateLimits } from '../core/rate.js'
import { Rules, type RuleTexts } from '../core/rules.js'
import { Lru } from './lru.js'
import type { SecuritySettings } from './settings.js'
import { narrowed, type ToldRole } from './told-role.js'

/** What somebody may and how much of it. */
export interface Grant {
  readonly access: Access
  /** null: as fast as it can. */
  readonly rateLimits: RateLimits | null
  /** 0: as many as there may be. */
  readonly connectionsMax: number
}

/** What a role, or a token without one, says. */
export interface RoleTexts {
  /** null: everything. */
  readonly publish: RuleTexts | null
  readonly subscribe: RuleTexts | null
  readonly laneMin: number
  /** 0 in these: as [limits] has it. */
  readonly eventsPerSecond: number
  readonly bytesPerSecond: number
  readonly connectionsMax: number
}

const EVERYTHING: RoleTexts = {
  publish: null,
  subscribe: null,
  laneMin: 0,
  eventsPerSecond: 0,
  bytesPerSecond: 0,
  connectionsMax: 0,
}
/** Of a token that says nothing of what it is for. */
export const NOTHING: RoleTexts = {
  ...EVERYTHING,
  publish: { allow: [], deny: [] },
  subscribe: { allow: [], deny: [] },
}

/** Users whose access is kept ready, of each role: it holds verdicts, which are better made once. */
const USERS_KEPT_MAX = 16_384
/** Roles that came with tokens. */
const TOLD_KEPT_MAX = 4096

/** A role, and what became of it for each user: sessions of one user share one access, and users share rules that do not name them. */
class Role {
  private readonly publish: Rules | null
  private readonly subscribe: Rules | null
  private readonly namesUser: boolean
  private readonly accesses = new Lru<string, Access>(USERS_KEPT_MAX)

  constructor(readonly texts: RoleTexts) {
    this.namesUser = namesUser(texts.publish) || namesUser(texts.subscribe)
    this.publish = this.namesUser ? null : rulesFor(texts.publish, '')
    this.subscribe = this.namesUser ? null : rulesFor(texts.subscribe, '')
  }

  access(user: string): Access {
    const known = this.accesses.get(user)
    if (known !== undefined) return known
    const made = this.make(user)
    this.accesses.set(user, made)
    return made
  }

  private make(user: string): Access {
    const { texts } = this
    if (this.namesUser) {
      return new Access(user, rulesFor(texts.publish, user), rulesFor(texts.subscribe, user), texts.laneMin)
    }
    const isFull = this.publish === null && this.subscribe === null && texts.laneMin === 0
    return isFull && user === '' ? FULL_ACCESS : new Access(user, this.publish, this.subscribe, texts.laneMin)
  }
}

/** What the [[role]] tables allow. */
export class Roles {
  private readonly named: ReadonlyMap<string, Role>
  private readonly everything: Role
  private readonly told: Lru<string, Role>
  private readonly limits: SecuritySettings['limits']

  /** @param before whose accesses are taken over where nothing has changed, so that live sessions keep theirs */
  constructor({ role, limits }: Pick<SecuritySettings, 'role' | 'limits'>, before: Roles | null = null) {
    this.limits = limits
    this.everything = before?.everything ?? new Role(EVERYTHING)
    this.told = before?.told ?? new Lru(TOLD_KEPT_MAX)
    this.named = new Map(
      role.map((each) => {
        const texts = textsOf(each)
        const known = before?.named.get(each.name)
        return [each.name, known !== undefined && isSame(known.texts, texts) ? known : new Role(texts)]
      }),
    )
  }

  /** @param name of a [[role]]; '': everything. @returns null when there is none */
  grant(name: string, user: string): Grant | null {
    const role = name === '' ? this.everything : this.named.get(name)
    return role === undefined ? null : this.grantOf(role, user)
  }

  /** The same, less what a token has taken away of it. @param name of a [[role]] */
  grantLess(name: string, told: ToldRole | null, user: string): Grant | null {
    const role = this.named.get(name)
    if (role === undefined) return null
    if (told === null) return this.grantOf(role, user)
    const { eventsPerSecond, bytesPerSecond, connectionsPerUser: connectionsMax } = this.limits
    return this.grantTold(narrowed(role.texts, told, { eventsPerSecond, bytesPerSecond, connectionsMax }), user)
  }

  /** For a role that came with a token. */
  grantTold(texts: RoleTexts, user: string): Grant {
    const key = JSON.stringify(texts)
    let role = this.told.get(key)
    if (role === undefined) {
      role = new Role(texts)
      this.told.set(key, role)
    }
    return this.grantOf(role, user)
  }

  private grantOf(role: Role, user: string): Grant {
    const { texts } = role
    const eventsPerSecond = texts.eventsPerSecond || this.limits.eventsPerSecond
    const bytesPerSecond = texts.bytesPerSecond || this.limits.bytesPerSecond
    return {
      access: role.access(user),
      rateLimits: eventsPerSecond === 0 && bytesPerSecond === 0 ? null : { eventsPerSecond, bytesPerSecond },
      connectionsMax: user === '' ? 0 : texts.connectionsMax || this.limits.connectionsPerUser,
    }
  }
}

function textsOf(role: SecuritySettings['role'][number]): RoleTexts {
  return {
    publish: { allow: role.publish, deny: role.publishDeny },
    subscribe: { allow: role.subscribe, deny: role.subscribeDeny },
    laneMin: role.laneMin,
    eventsPerSecond: role.eventsPerSecond,
    bytesPerSecond: role.bytesPerSecond,
    connectionsMax: role.connectionsMax,
  }
}

function isSame(one: RoleTexts, other: RoleTexts): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function namesUser(texts: RuleTexts | null): boolean {
  return texts !== null && [...texts.allow, ...texts.deny].some((pattern) => pattern.includes(USER_PLACE))
}

/** Names of users are single tokens without wildcards (USER_PATTERN), so what becomes of a pattern is one. For the anonymous it is none at all. */
function rulesFor(texts: RuleTexts | null, user: string): Rules | null {
  if (texts === null) return null
  const forUser = (patterns: readonly string[]): string[] =>
    patterns
      .filter((pattern) => user !== '' || !pattern.includes(USER_PLACE))
      .map((pattern) => pattern.replaceAll(USER_PLACE, () => user))
  return new Rules(forUser(texts.allow), forUser(texts.deny))
}
