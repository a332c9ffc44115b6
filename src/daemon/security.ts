import { admitsAnonymous, type Config, knowsUsers } from '../config/index.js'
import type { Router } from '../core/router.js'
import { Door } from '../ingress/door.js'
import { Origins } from '../ingress/origins.js'
import { Security } from '../security/security.js'
import type { Logger } from './log.js'
import type { Reloadable } from './reload.js'

/** Who may come in, with the door that transports ask. Rejects with a sentence for the operator. */
export async function openSecurity(
  config: Config,
  router: Router,
  log: Logger,
): Promise<{ security: Security; door: Door }> {
  const security = await Security.open(config, router, (level, sentence, fields = {}) => log[level](fields, sentence))
  log.info(whoIsLetIn(config))
  return { security, door: new Door(security.guard, new Origins(config.security.origins)) }
}

export function securityReload(security: Security, door: Door, log: Logger): Reloadable {
  return {
    async prepare(next) {
      const commit = await security.prepare(next)
      return () => {
        commit()
        door.origins.replace(next.security.origins)
        log.info(whoIsLetIn(next))
      }
    },
  }
}

/** For the log: what an operator should see who has opened more than was meant. */
function whoIsLetIn(config: Config): string {
  const { auth, user, jwt } = config
  const doors: string[] = []
  if (user.length > 0) doors.push(user.length === 1 ? '1 user' : `${user.length} users`)
  if (jwt.secretFile !== '') doors.push('tokens signed with the shared secret')
  if (jwt.jwksFile !== '' || jwt.jwksUrl !== '') {
    const issuer = jwt.issuer === '' ? 'whoever has the keys' : jwt.issuer
    doors.push(`tokens of ${issuer}${jwt.audience === '' ? ', for any audience' : ` for ${jwt.audience}`}`)
  }
  if (admitsAnonymous(config)) {
    const role = auth.anonymousRole === '' ? 'who may do everything' : `with role ${auth.anonymousRole}`
    doors.push(`${knowsUsers(config) ? 'anybody else' : 'anybody'}, ${role}`)
  }
  return `let in: ${doors.join('; ')}`
}
