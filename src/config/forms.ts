/** Forms that the text of several options has. */

export const FILE_PATTERN = /^[^\0]{0,4096}$/
export const FILE_EXPECTS = 'the path of a file'

/** A name as tables have, or none. */
export const OPTIONAL_NAME_PATTERN = /^[a-z0-9_-]{0,64}$/

/** Users may be in topics ("users.{user}.>"), so a name is one token: no dot, no wildcard, nothing that is not seen. */
export const USER_PATTERN = /^[A-Za-z0-9_@:+=-]{1,128}$/
export const USER_EXPECTS = '1 to 128 of A-Z, a-z, 0-9 and _ @ : + = -'
