import t from 'tap'
import { type Reading, readArgument, readLine } from '../../src/cli/content.js'

function line(text: string | Buffer, reading: Reading) {
  return readLine(Buffer.from(text as string), reading)
}

t.test('lines: an object is a value, anything else text, blank ones nothing', async (t) => {
  t.same(line('{"a":1}', 'auto'), { value: { a: 1 } })
  t.same(line('  {"a":1} ', 'auto'), { value: { a: 1 } })
  t.same(line('{"a":', 'auto'), { value: '{"a":' })
  for (const text of ['42', '[1]', 'true', '"x"', 'Jan 1 host x: y']) t.same(line(text, 'auto'), { value: text })
  for (const text of ['', ' ', '\t']) t.equal(line(text, 'auto'), null)
})

t.test('lines: json, text, raw', async (t) => {
  t.same(line('42', 'json'), { value: 42 })
  t.same(line('[1]', 'json'), { value: [1] })
  t.equal(line(' ', 'json'), null)
  t.match(line('{"a"', 'json'), { problem: /^not JSON: / })
  t.same(line('{"a":1}', 'text'), { value: '{"a":1}' })
  t.same(line('', 'text'), { value: '' })
  t.same(line('{"a":1}', 'raw'), { value: { a: 1 }, bytes: Buffer.from('{"a":1}') }, 'its fields can fill the topic')
  t.same(line('x', 'raw'), { value: undefined, bytes: Buffer.from('x') })
})

t.test('lines that are not UTF-8 keep their bytes', async (t) => {
  const latin1 = Buffer.from('caf\u00e9', 'latin1')
  for (const reading of ['auto', 'text'] as const) t.same(line(latin1, reading), { value: undefined, bytes: latin1 })
  t.same(line('\ufffd', 'text'), { value: '\ufffd' }, 'a replacement character that was there')
})

t.test('the argument: any JSON is a value', async (t) => {
  t.same(readArgument('42', 'auto'), { value: 42 })
  t.same(readArgument('{"id":1}', 'auto'), { value: { id: 1 } })
  t.same(readArgument('hello', 'auto'), { value: 'hello' })
  t.same(readArgument('', 'auto'), { value: '' })
  t.same(readArgument('42', 'text'), { value: '42' })
  t.same(readArgument('42', 'raw'), { value: undefined, bytes: Buffer.from('42') })
  t.match(readArgument('hello', 'json'), { problem: /^not JSON: / })
})
