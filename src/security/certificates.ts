/** Part of a subject: its type in upper case, and its value without escapes. */
type Attribute = readonly [type: string, value: string]
/** Relative distinguished names, each of one attribute or more, in the order of RFC 4514: the most specific first. */
type Subject = readonly (readonly Attribute[])[]

/** Other names of the same types (RFC 4514, 3 and what OpenSSL writes). */
const TYPES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  S: 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
  '1.2.840.113549.1.9.1': 'EMAILADDRESS',
  E: 'EMAILADDRESS',
}
const TYPE = /^\s*([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*=\s*/

/** @returns null for what is no subject */
export function parseSubject(text: string): Subject | null {
  const names: Attribute[][] = [[]]
  let rest = text
  for (;;) {
    const type = TYPE.exec(rest)
    if (type === null) return null
    const value = readValue(rest.slice(type[0].length))
    if (value === null) return null
    const name = type[1].toUpperCase()
    names[names.length - 1].push([TYPES[name] ?? name, value.text])
    if (value.rest === '') return names
    if (value.rest[0] === ',') names.push([])
    rest = value.rest.slice(1)
  }
}

/** @returns what stands before the next separator, its escapes undone, and what comes from there on */
function readValue(text: string): { text: string; rest: string } | null {
  const bytes: number[] = []
  // Escaped characters are kept at an end; spaces that are not are none of the value's.
  let kept = 0
  let at = 0
  while (at < text.length) {
    const char = text[at]
    if (char === ',' || char === '+') break
    if (char === '"' || char === ';' || char === '<' || char === '>') return null
    if (char === '\\') {
      const pair = text.slice(at + 1, at + 3)
      if (/^[0-9A-Fa-f]{2}$/.test(pair)) {
        bytes.push(Number.parseInt(pair, 16))
        at += 3
      } else if (/^[ "#+,;<=>\\]/.test(pair)) {
        bytes.push(text.charCodeAt(at + 1))
        at += 2
      } else return null
      kept = bytes.length
      continue
    }
    const point = String.fromCodePoint(text.codePointAt(at) as number)
    bytes.push(...Buffer.from(point))
    if (char !== ' ') kept = bytes.length
    at += point.length
  }
  return { text: Buffer.from(bytes.slice(0, kept)).toString('utf8'), rest: text.slice(at) }
}

/** The same text for the same subject, however it is written. */
export function canonicalSubject(subject: Subject): string {
  return JSON.stringify(subject.map((attributes) => [...attributes].sort((a, b) => (a.join() < b.join() ? -1 : 1))))
}

/** The one common name of a subject; null when it has none, or several, of which anybody's choice could be wrong. */
export function commonNameOf(subject: Subject): string | null {
  const names = subject.flat().filter(([type]) => type === 'CN')
  return names.length === 1 ? names[0][1] : null
}

/** Subjects and whose they are. */
export class Subjects<T> {
  private readonly whole = new Map<string, T>()
  private readonly byCommonName = new Map<string, T>()

  /** @throws Error that completes "…: " for the operator */
  add(text: string, whose: T): void {
    const subject = parseSubject(text)
    if (subject === null)
      throw new Error(`${JSON.stringify(text)} is no subject such as "CN=shop-eu,O=Example" (RFC 4514)`)
    const isCommonName = subject.length === 1 && subject[0].length === 1 && subject[0][0][0] === 'CN'
    const map = isCommonName ? this.byCommonName : this.whole
    const key = isCommonName ? subject[0][0][1] : canonicalSubject(subject)
    const other = map.get(key)
    if (other !== undefined && other !== whose) throw new Error(`${JSON.stringify(text)} is another user's already`)
    map.set(key, whose)
  }

  find(text: string): T | null {
    const subject = parseSubject(text)
    if (subject === null) return null
    const exact = this.whole.get(canonicalSubject(subject))
    if (exact !== undefined) return exact
    const commonName = commonNameOf(subject)
    return (commonName === null ? undefined : this.byCommonName.get(commonName)) ?? null
  }
}
