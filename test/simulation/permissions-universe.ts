/** Nobody's pattern has it, so that there is always a topic that is only matched by a wildcard. */
const FRESH = 'z'
export const LONG = 'long-enough-to-be-kept-apart'
export const TOKENS = ['a', 'b', '$sys', LONG]
export const PATTERN_TOKENS_MAX = 3
export const USUAL_PATTERNS = ['$sys.>', '>', '*', '*.>', '$sys', 'a.>', `${LONG}.*`]
/** All topics that tell patterns of at most PATTERN_TOKENS_MAX tokens apart. */
export const UNIVERSE = topicsOf(PATTERN_TOKENS_MAX + 1)

function topicsOf(length: number): string[] {
  if (length === 0) return []
  const shorter = topicsOf(length - 1)
  const tokens = [...TOKENS, FRESH]
  const longest = shorter.filter((topic) => topic.split('.').length === length - 1)
  return length === 1 ? tokens : [...shorter, ...longest.flatMap((topic) => tokens.map((token) => `${topic}.${token}`))]
}
