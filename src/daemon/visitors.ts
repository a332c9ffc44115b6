import { readAuthorization } from '../ingress/credentials.js'
import type { Gatekeeper } from '../ingress/gatekeeper.js'
import type { Answers } from '../observe/questions.js'
import type { Standing, VisitorQuestions } from '../observe/visitors/questions.js'
import { Code } from '../protocol/codes.js'
import type { Security } from '../security/security.js'

/** What the observer thread asks of who comes to the admin port. */
export function visitorAnswers(
  security: Pick<Security, 'guard' | 'makePageToken'>,
): Pick<Answers, keyof VisitorQuestions> {
  return {
    identify: async ({ authorization, address }) => {
      const credentials = readAuthorization(authorization)
      if (credentials === null || credentials === 'malformed') return { kind: 'nobody' }
      return standingOf(await security.guard.identify({ credentials, certificateSubject: '', address }))
    },
    busToken: () => security.makePageToken(),
  }
}

function standingOf(outcome: Awaited<ReturnType<Gatekeeper['identify']>>): Standing {
  if (typeof outcome === 'number') return { kind: outcome === Code.AUTH_UNAVAILABLE ? 'unavailable' : 'nobody' }
  const { user, isAdmin } = outcome
  if (isAdmin) return { kind: 'admin', user }
  // The anonymous are let in without looking at what they show, where nobody is known.
  return user === '' ? { kind: 'nobody' } : { kind: 'other', user }
}
