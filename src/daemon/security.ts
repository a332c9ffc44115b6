import { admitsAnonymous, type Config, knowsUsers } from '../config/index.js'
import type { Router } from '../core/router.js'
import { Door } from '../ingress/door.js'
import { Origins } from '../ingress/origins.js'
import { Authenticator } from '../security/authenticator.js'
import { Guard } from '../security/guard.js'
import { PasswordDesk } from '../security/password-desk.js'
import type { Logger } from './log.js'
import type { Reloadable } from './reload.js'

/** Who may come in, and who is in as whom. */
export interface Security {
  readonly guard: Guard
  /** What transports ask: the guard, and from which pages browsers may come. */
  readonly door: Door
  readonly reloadable: Reloadable
  close(): void
}

/** Rejects with a sentence for the operator. */
export async function makeSecurity(config: Config, router: Router, log: Logger): Promise<Security> {
  const parts = { passwords: new PasswordDesk(() => performance.now()), isRevoked: () => false }
  let current = new Authenticator(config, parts)
  const guard = new Guard(router, current, config.auth.timeoutMs, (level, sentence, fields = {}) =>
    log[level](fields, sentence),
  )
  const door = new Door(guard, new Origins(config.security.origins))
  log.info(whoIsLetIn(config))
  return {
    guard,
    door,
    reloadable: {
      async prepare(next) {
        const prepared = new Authenticator(next, parts, current)
        return () => {
          current = prepared
          guard.replace(prepared, next.auth.timeoutMs)
          door.origins.replace(next.security.origins)
        }
      },
    },
    close: () => guard.close(),
  }
}

/** For the log: what an operator should see who has opened more than was meant. */
function whoIsLetIn(config: Config): string {
  const { auth, user } = config
  const doors: string[] = []
  if (user.length > 0) doors.push(user.length === 1 ? '1 user' : `${user.length} users`)
  if (admitsAnonymous(config)) {
    const role = auth.anonymousRole === '' ? 'who may do everything' : `with role ${auth.anonymousRole}`
    doors.push(`${knowsUsers(config) ? 'anybody else' : 'anybody'}, ${role}`)
  }
  return `let in: ${doors.join('; ')}`
}
