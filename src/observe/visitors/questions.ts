/** What somebody with these credentials is to the admin port. */
export type Standing =
  | { readonly kind: 'admin'; readonly user: string }
  /** Known, and no admin. */
  | { readonly kind: 'other'; readonly user: string }
  /** Not known, or not any more. */
  | { readonly kind: 'nobody' }
  /** It cannot be found out at the moment. */
  | { readonly kind: 'unavailable' }

/** A token that opens the bus to a page of the admin port: to what the daemon tells of itself, and to nothing else. */
export interface BusToken {
  readonly token: string
  readonly expiresInMs: number
}

export interface VisitorQuestions {
  /** Who this is. @param given.authorization the header of that name; given.address whence it comes, without a port */
  identify: { given: { readonly authorization: string; readonly address: string }; answer: Standing }
  /** Null where nobody is asked who they are. */
  busToken: { given: null; answer: BusToken | null }
}
