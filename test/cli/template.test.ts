import t from 'tap'
import { Template } from '../../src/cli/template.js'

function fill(template: string, value: unknown): string {
  const filled = new Template(template).fill(value)
  return 'text' in filled ? filled.text : `problem: ${filled.problem}`
}

t.test('without fields it is the text itself, whatever the value', async (t) => {
  t.equal(fill('logs.host', 'a line'), 'logs.host')
  t.ok(new Template('logs.host').fixed)
  t.notOk(new Template('logs.{level}').fixed)
  t.equal(fill('a.{{b}}', undefined), 'a.{b}', 'doubled braces stand for themselves')
})

t.test('fields are filled from the object', async (t) => {
  t.equal(fill('logs.{level}', { level: 'info' }), 'logs.info')
  t.equal(fill('{a}.{b}.{a}', { a: 1, b: true }), '1.true.1')
  t.equal(fill('u.{user.id}', { user: { id: 7 } }), 'u.7', 'a path')
  t.equal(fill('u.{user.id}', { 'user.id': 8, user: { id: 7 } }), 'u.8', 'a member of that very name comes first')
  t.equal(fill('x.{{{n}}}', { n: 1 }), 'x.{1}')
})

t.test('what keeps it from being filled is told', async (t) => {
  t.equal(fill('logs.{level}', { lvl: 1 }), 'problem: no field level')
  t.equal(fill('logs.{level}', { level: null }), 'problem: no field level')
  t.equal(fill('logs.{level}', { level: '' }), 'problem: field level is empty')
  t.equal(fill('logs.{level}', { level: {} }), 'problem: field level is an object, not text')
  t.equal(fill('logs.{level}', { level: [1] }), 'problem: field level is an array, not text')
  t.equal(fill('u.{user.id}', { user: 'x' }), 'problem: no field user.id')
  for (const value of ['text', 5, null, undefined, [1]]) {
    t.equal(fill('logs.{level}', value), 'problem: not a JSON object, so it has no field level')
  }
})

t.test('what every object inherits is no field', async (t) => {
  for (const name of ['constructor', 'toString', '__proto__', 'a.constructor']) {
    t.equal(fill(`x.{${name}}`, { a: {} }), `problem: no field ${name}`)
  }
})

t.test('a lone brace is a mistake', async (t) => {
  for (const text of ['a.{b', 'a.b}', 'a.{}', 'a.{b{c}}']) t.throws(() => new Template(text), RangeError, text)
})
