import { createHash } from 'node:crypto'
import { Subjects } from './certificates.js'
import { DEFAULT_COST, hashOfNobody, type PasswordHash, parsePasswordHash, type ScryptCost } from './passwords.js'
import type { SecuritySettings } from './settings.js'

/** Somebody that the configuration knows. */
export interface User {
  readonly name: string
  readonly role: string
  readonly isAdmin: boolean
  /** As in the configuration; '' for none. */
  readonly passwordHash: string
  readonly tokenHashes: ReadonlySet<string>
}

/** The [[user]] tables. */
export class Directory {
  private readonly users = new Map<string, User>()
  private readonly tokens = new Map<string, User>()
  private readonly subjects = new Subjects<User>()
  private readonly passwords = new Map<string, PasswordHash>()
  private readonly nobodies: PasswordHash[]

  /** @throws Error with a sentence for the operator */
  constructor(tables: SecuritySettings['user']) {
    for (const table of tables) this.add(table)
    const costs = new Map<string, ScryptCost>()
    for (const { cost } of this.passwords.values()) costs.set(JSON.stringify(cost), cost)
    this.nobodies = (costs.size === 0 ? [DEFAULT_COST] : [...costs.values()]).map(hashOfNobody)
  }

  private add({
    name,
    role,
    admin,
    passwordHash,
    tokenHashes,
    certificateSubjects,
  }: SecuritySettings['user'][number]): void {
    const user: User = { name, role, isAdmin: admin, passwordHash, tokenHashes: new Set(tokenHashes) }
    this.users.set(name, user)
    for (const hash of tokenHashes) {
      const other = this.tokens.get(hash)
      if (other !== undefined && other !== user) {
        throw new Error(`user.token_hashes: ${name} and ${other.name} have the same token ${hash}; give each its own`)
      }
      this.tokens.set(hash, user)
    }
    for (const subject of certificateSubjects) {
      saying(`user.certificate_subjects of ${name}`, () => this.subjects.add(subject, user))
    }
    if (passwordHash !== '') {
      saying(`user.password_hash of ${name}`, () => this.passwords.set(name, parsePasswordHash(passwordHash)))
    }
  }

  find(name: string): User | null {
    return this.users.get(name) ?? null
  }

  byToken(hash: string): User | null {
    return this.tokens.get(hash) ?? null
  }

  byCertificate(subject: string): User | null {
    return this.subjects.find(subject)
  }

  /** What a password is to be held against; for users that have none something that costs as much, always the same for the same name. */
  passwordOf(name: string): PasswordHash {
    const known = this.passwords.get(name)
    if (known !== undefined) return known
    const { nobodies } = this
    return nobodies[createHash('sha256').update(name).digest().readUInt32LE() % nobodies.length]
  }
}

function saying(what: string, attempt: () => void): void {
  try {
    attempt()
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`)
  }
}
