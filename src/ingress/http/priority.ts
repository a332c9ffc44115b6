import { LANE_DEFAULT, LANES } from '../../protocol/ops.js'

/** Parts of a dictionary (RFC 8941, 3.2, as RFC 9651 extends it), each unambiguous after the one before. */
const KEY = '[a-z*][a-z0-9_.*-]*'
const BARE_ITEM = [
  '-?[0-9]{1,12}\\.[0-9]{1,3}',
  '-?[0-9]{1,15}(?!\\.)',
  '"(?:[ !#-\\[\\]-~]|\\\\["\\\\])*"',
  "[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*",
  ':[A-Za-z0-9+/=]*:',
  '\\?[01]',
  '@-?[0-9]{1,15}',
].join('|')
const PARAMETERS = `(?:; *${KEY}(?:=(?:${BARE_ITEM}))?)*`
const ITEM = `(?:${BARE_ITEM})${PARAMETERS}`
const INNER_LIST = `\\( *(?:${ITEM}(?: +${ITEM})*)? *\\)${PARAMETERS}`
const MEMBER = new RegExp(`(${KEY})(?:=(?:(${BARE_ITEM})${PARAMETERS}|(${INNER_LIST}))|${PARAMETERS})`, 'y')
const COMMA = /[ \t]*,[ \t]*/y
const INTEGER = /^-?[0-9]{1,15}$/
/** A member without a value is the boolean true. */
const TRUE = '?1'
/** A header longer than this says nothing about urgency: what anyone sends must not keep the parser busy. */
const CHARS_MAX = 256

/**
 * The lane that a Priority header asks for (RFC 9218, section 4): its urgency `u`. One that is malformed, or without an urgency from 0 to 7, is
 * ignored, as that RFC wants it.
 * @param field value of the header; empty when absent
 */
export function laneOfPriority(field: string): number {
  if (field === '') return LANE_DEFAULT
  const text = field.replace(/^ +| +$/g, '')
  if (text.length > CHARS_MAX) return LANE_DEFAULT
  let urgency = ''
  for (let pos = 0; pos < text.length; ) {
    MEMBER.lastIndex = pos
    const member = MEMBER.exec(text)
    if (member === null) return LANE_DEFAULT
    // Of doubled keys the last counts.
    if (member[1] === 'u') urgency = member[2] ?? TRUE
    pos = MEMBER.lastIndex
    if (pos === text.length) break
    COMMA.lastIndex = pos
    if (!COMMA.test(text) || COMMA.lastIndex === text.length) return LANE_DEFAULT
    pos = COMMA.lastIndex
  }
  const lane = INTEGER.test(urgency) ? Number(urgency) : LANE_DEFAULT
  // Minus zero is an integer of theirs, and no index of ours.
  return lane >= 0 && lane < LANES ? lane + 0 : LANE_DEFAULT
}
