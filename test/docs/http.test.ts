import { readFileSync } from 'node:fs'
import t from 'tap'
import { SECTIONS } from '../../src/config/sections/index.js'
import { statusOf } from '../../src/ingress/http/problem.js'
import { CODES } from '../../src/protocol/codes.js'
import { ApiHarness } from '../helpers/http-api.js'
import { repositoryPath } from '../helpers/repository.js'
import { until } from '../helpers/until.js'

const page = readFileSync(repositoryPath('docs', 'http.md'), 'utf8')

function rows(name: string): string[][] {
  const table = page.slice(page.indexOf(`<!-- ${name}:begin -->`), page.indexOf(`<!-- ${name}:end -->`))
  return table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1))
    .slice(2)
}

/** The words of a shell command that uses no more than single quotes. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|([^\s']+)/g)].map(([, quoted, plain]) => quoted ?? plain)
}

interface Curl {
  url: URL
  target: string
  headers: Record<string, string>
  body: string | null
  /** As the comment after the command says. */
  status: number
}

function readCurl(example: string): Curl {
  const [command, status] = example.split(/\s+# → /)
  const headers: Record<string, string> = {}
  let body: string | null = null
  let target = ''
  const given = words(command)
  for (let i = 1; i < given.length; i++) {
    const word = given[i]
    if (word === '-H') {
      const [name, value] = given[++i].split(/: (.*)/)
      headers[name] = value
    } else if (word === '-d' || word === '--data-binary') body = given[++i]
    else if (!word.startsWith('-')) target = word
  }
  const url = new URL(target)
  return { url, target: target.slice(url.origin.length), headers, body, status: Number(status) }
}

const examples = [...page.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) =>
  block
    .split(/^(?=curl )/m)
    .filter((example) => example.trim() !== '')
    .map((example) => example.trim()),
)

t.test('the examples do what they say', async (t) => {
  t.ok(examples.length >= 9)
  for (const example of examples) {
    const { url, target, headers, body, status } = readCurl(example)
    t.equal(url.hostname, '127.0.0.1')
    const isHttp2 = example.includes('--http2-prior-knowledge')
    t.equal(url.port, isHttp2 ? '7401' : '7400', 'the port speaks it')
    const api = new ApiHarness()
    const method = body === null ? 'GET' : 'POST'
    const exchange = api.open({ method, target, headers, isDuplex: isHttp2 })
    if (body !== null) exchange.end(body)
    api.core.turns()
    await until('an answer', () => exchange.status > 0)
    t.equal(exchange.status, status, example)
    if (body === null) t.notOk(exchange.ended, 'a stream goes on')
    else if (status < 300) t.ok(api.core.router.meters.accepted > 0, 'something was published')
  }
})

t.test('the statuses are those of the table of codes', async (t) => {
  const statuses = [...new Set(CODES.map(({ code }) => statusOf(code)))].sort((a, b) => a - b)
  t.strictSame(
    rows('statuses'),
    statuses.map((status) => [
      String(status),
      CODES.filter(({ code }) => statusOf(code) === status)
        .map(({ name }) => `\`${name}\``)
        .join(', '),
    ]),
  )
})

t.test('the limits are the defaults of the options', async (t) => {
  const sections: { [section: string]: { options: { [option: string]: { default: unknown } } } } = SECTIONS
  const limits = rows('limits')
  t.ok(limits.length > 0)
  for (const [name, value] of limits) {
    const [section, option] = name.replaceAll('`', '').split('.')
    t.equal(String(sections[section]?.options[option]?.default), value, name)
  }
})
