import { bad, bodyObject, Parameters } from '../introspect/parameters.js'
import type { Part, ThreadContext } from '../thread/part.js'
import { type AdminAnswer, AdminProblem, type AdminRequest, json, type Route } from '../thread/routes.js'

/** What came of revoking a token. */
export interface RevokeAnswer {
  readonly id: string
  /** Connections that were ended. */
  readonly ended: number
  /** Whether it is kept when the daemon ends: it is in auth.revoked_file. */
  readonly kept: boolean
  /** Why it could not be written there; '' where it was, or where there is no such file. */
  readonly problem: string
}

export interface RevocationQuestions {
  /** @returns null where the text can be no id */
  revoke: { given: { readonly id: string }; answer: RevokeAnswer | null }
}

/** Tokens that are not to be accepted any more. */
export class RevocationsPart implements Part {
  readonly routes: readonly Route[] = [
    {
      method: 'POST',
      path: '/revocations',
      about: 'revokes the token with the id in {"id": "…"}, and ends the connections that somebody has by it',
      handle: (request) => this.revoke(request),
    },
  ]

  constructor(private readonly context: Pick<ThreadContext, 'ask' | 'log'>) {}

  tick(): void {}

  private async revoke({ query, body }: AdminRequest): Promise<AdminAnswer> {
    new Parameters(query, [])
    const { id } = bodyObject(body, ['id'])
    const revoked = typeof id === 'string' ? await this.context.ask('revoke', { id }) : null
    if (revoked === null) throw bad('id: not the id of a token: its claim "jti", or its hash as [[user]] has it')
    this.context.log('warn', 'an operator has revoked a token', { ...revoked })
    if (revoked.problem === '') return json(revoked)
    throw new AdminProblem(
      500,
      `it is revoked until the daemon ends, and ${revoked.ended} of its connections have ended, but it could not be kept: ${revoked.problem}`,
    )
  }
}
