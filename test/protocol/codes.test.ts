import { readFileSync } from 'node:fs'
import t from 'tap'
import { CODES, Code, closesConnection, codeMessage, codeName, mayTryAgain } from '../../src/protocol/codes.js'
import { OP_NAMES, Op } from '../../src/protocol/ops.js'
import { repositoryPath } from '../helpers/repository.js'

const page = readFileSync(repositoryPath('docs', 'protocol.md'), 'utf8')

t.test('one number, one name, one meaning', async (t) => {
  t.equal(CODES.length, Object.keys(Code).length)
  for (const key of ['code', 'name', 'message'] as const) {
    t.equal(new Set(CODES.map((entry) => entry[key])).size, CODES.length, `each ${key} once`)
  }
  for (const [constant, code] of Object.entries(Code)) {
    t.equal(codeName(code), constant.toLowerCase())
    t.not(codeMessage(code), codeMessage(0), `${constant} has a message`)
    t.ok(code >= 4000 && code <= 4999, 'a private close code of RFC 6455')
    t.equal(mayTryAgain(code), code < 4500, 'the range says whether to try again')
  }
})

t.test('codes of others', async (t) => {
  t.equal(codeName(1006), '1006')
  for (const again of [1000, 1001, 1006, 1011, 1012, 1013]) t.ok(mayTryAgain(again), String(again))
  for (const never of [1002, 1003, 1007, 1008, 1009, 1010]) t.notOk(mayTryAgain(never), String(never))
  t.notOk(closesConnection(1000))
})

t.test('the table of the protocol page is this table', async (t) => {
  const table = page.slice(page.indexOf('<!-- codes:begin -->'), page.indexOf('<!-- codes:end -->'))
  const rows = table.split('\n').filter((line) => /^\| \d/.test(line))
  t.strictSame(
    rows,
    CODES.map(
      ({ code, name, message, closes }) => `| ${code} | \`${name}\` | ${closes ? 'closes' : ''} | ${message} |`,
    ),
  )
  const closing = CODES.filter(({ closes }) => closes).map(({ code }) => code)
  t.strictSame(
    closing,
    [4000, 4002, 4003, 4004, 4007, 4009, 4010, 4012, 4013, 4014, 4015, 4500, 4512, 4513, 4514, 4515, 4517, 4530, 4531],
  )
})

t.test('the table of ops of the protocol page is this one', async (t) => {
  const rows = [...page.matchAll(/^\| (\d{1,2}) \| `([a-z]+)` \|/gm)].map(([, op, name]) => [Number(op), name])
  t.strictSame(
    rows,
    Object.entries(OP_NAMES).map(([op, name]) => [Number(op), name]),
  )
  t.equal(Object.keys(OP_NAMES).length, Object.keys(Op).length)
})
