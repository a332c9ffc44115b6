import { TABLE_ENTRIES } from './config.js'
import type { Path, Place } from './locate.js'
import { nearest } from './nearest.js'
import { type Problem, show, showKey } from './problem.js'
import { refusal } from './refusal.js'
import type { Table } from './table.js'
import { type NamedTopics, TOPIC_CLASSES_MAX, topicClassesOf } from './topic-classes.js'

/** Where things stand in the file, and what it is called. */
interface Where {
  readonly source: string
  readonly place: (path: Path) => Place
}

/** What one `[[name]]` says: valid values by key. */
type Values = ReadonlyMap<string, unknown>

/** Takes the arrays of tables out of a parsed file: what is valid of them, and everything that is not. */
export function readTables(
  root: { readonly [name: string]: unknown },
  where: Where,
): { tables: ReadonlyMap<string, readonly Values[]>; problems: Problem[] } {
  const tables = new Map<string, readonly Values[]>()
  const problems: Problem[] = []
  for (const [name, table] of TABLE_ENTRIES) {
    if (Object.hasOwn(root, name)) tables.set(name, readTable(name, table, root[name], where, problems))
  }
  checkClasses(tables, where, problems)
  checkRoles(tables, where, problems)
  return { tables, problems }
}

function readTable(name: string, table: Table, given: unknown, where: Where, problems: Problem[]): readonly Values[] {
  if (!Array.isArray(given) || !given.every(isTable)) {
    const expected = `tables: [[${name}]] and its keys on lines of their own, once for each`
    const meant = isTable(given) ? `; did you mean [[${name}]]?` : ''
    problems.push({
      source: where.source,
      ...where.place([name]).key,
      key: name,
      message: `expected ${expected}, given ${show(given)}${meant}`,
      given: show(given),
      expected,
      ...(meant !== '' && { meant: `[[${name}]]` }),
    })
    return []
  }
  const names = new Set<unknown>()
  return given.map((raw, index) => {
    const values = readOne(name, table, raw, index, where, problems)
    const own = values.get('name')
    const at = { source: where.source, ...where.place([name, index, 'name']).value, key: `${name}.name` }
    if (own !== undefined && names.has(own)) {
      problems.push({ ...at, message: `another [[${name}]] is called ${show(own)} already; names must differ` })
    }
    names.add(own)
    if (index === table.countMax) {
      problems.push({ ...at, message: `there are ${given.length} of [[${name}]]; at most ${table.countMax} can be` })
    }
    return values
  })
}

function readOne(
  name: string,
  { options, required }: Table,
  raw: Record<string, unknown>,
  index: number,
  { source, place }: Where,
  problems: Problem[],
): Values {
  const values = new Map<string, unknown>()
  for (const [key, value] of Object.entries(raw)) {
    const dotted = showKey([name, key])
    const at = place([name, index, key])
    if (!Object.hasOwn(options, key)) {
      const near = nearest(key, Object.keys(options))
      const message =
        near === null
          ? `unknown key; [[${name}]] has ${Object.keys(options).join(', ')}`
          : `unknown key; did you mean ${name}.${near}?`
      problems.push({ source, ...at.key, key: dotted, message, ...(near !== null && { meant: `${name}.${near}` }) })
      continue
    }
    const parsed = options[key].schema.safeParse(value)
    if (parsed.success) values.set(key, parsed.data)
    else problems.push(refusal(options[key], dotted, { raw: value, source, position: at.value }))
  }
  for (const key of required) {
    if (Object.hasOwn(raw, key)) continue
    const message = `is missing; every [[${name}]] has ${required.join(', ')}`
    problems.push({ source, ...place([name, index]).key, key: `${name}.${key}`, message })
  }
  return values
}

/** Users have roles that are there, and can prove that it is they. */
function checkRoles(
  tables: ReadonlyMap<string, readonly Values[]>,
  { source, place }: Where,
  problems: Problem[],
): void {
  const roles = new Set((tables.get('role') ?? []).map((values) => text(values, 'name')))
  for (const [index, values] of (tables.get('user') ?? []).entries()) {
    const role = text(values, 'role')
    if (role === '' || roles.has(role)) continue
    const near = nearest(role, [...roles])
    problems.push({
      source,
      ...place(['user', index, 'role']).value,
      key: 'user.role',
      message: `there is no [[role]] with the name ${show(role)}${near === null ? '' : `; did you mean ${show(near)}?`}`,
    })
  }
}

/** Rules over both tables: classes of topics are few, and called apart. */
function checkClasses(
  tables: ReadonlyMap<string, readonly Values[]>,
  { source, place }: Where,
  problems: Problem[],
): void {
  const named = (table: string): NamedTopics[] =>
    (tables.get(table) ?? []).map((values) => ({ name: text(values, 'name'), topics: text(values, 'topics') }))
  const slo = named('slo').filter(isWhole)
  const topicClass = named('topic_class').filter(isWhole)
  const told = new Set<string>()
  named('slo').forEach(({ name, topics }, index) => {
    const other = topicClass.find((known) => known.name === name && known.topics !== topics)
    if (other === undefined || told.has(name)) return
    told.add(name)
    problems.push({
      source,
      ...place(['slo', index, 'name']).value,
      key: 'slo.name',
      message: `a [[topic_class]] on other topics (${show(other.topics)}) is called ${show(name)}, too; names must differ`,
    })
  })
  const count = topicClassesOf({ slo, topicClass }).length
  // More classes than may be written at all have been told already.
  if (count <= TOPIC_CLASSES_MAX || topicClass.length > TOPIC_CLASSES_MAX) return
  problems.push({
    source,
    ...place(['slo', slo.length - 1]).key,
    key: 'slo',
    message: `the topics of [[slo]] and [[topic_class]] are ${count} different patterns; at most ${TOPIC_CLASSES_MAX} can be timed apart`,
  })
}

function isWhole({ name, topics }: NamedTopics): boolean {
  return name !== '' && topics !== ''
}

/** Empty when it was not given, or not as it must be. */
function text(values: Values, key: string): string {
  return (values.get(key) as string | undefined) ?? ''
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
