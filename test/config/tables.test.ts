import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import t from 'tap'
import { z } from 'zod'
import { formatProblem, loadConfig, TABLE_ENTRIES, topicClassesOf } from '../../src/config/index.js'
import { renderSchema, renderToml } from '../../src/config/render.js'
import { TOPIC_CLASSES_MAX } from '../../src/config/topic-classes.js'
import { formatMs, parseFineMs } from '../../src/config/units.js'
import { TOPIC_CLASSES_MAX as CLASSES_OF_THE_CORE } from '../../src/core/latency.js'

function load(text: string, flags: Record<string, string> = {}) {
  return loadConfig({ file: 'c.toml', text, env: {}, flags })
}

function problems(text: string, flags: Record<string, string> = {}): string[] {
  const loaded = load(text, flags)
  return loaded.ok ? [] : loaded.problems.map(formatProblem)
}

const SLO = '[[slo]]\nname = "orders"\ntopics = "orders.>"\nthreshold = "1ms"\nobjective = 0.999\n'

t.test('tables become arrays, with what they leave out', (t) => {
  const loaded = load(
    `${SLO}\n[[slo]]\nname = "trades"\ntopics = "trades.*"\nstage = "routing"\nthreshold = "250us"\nobjective = 0.99\nwindow = "7d"\n` +
      '[[topic_class]]\nname = "all"\ntopics = ">"\n',
  )
  t.match(loaded, { ok: true })
  if (!loaded.ok) return t.end()
  const day = 86_400_000
  t.same(loaded.config.slo, [
    { name: 'orders', topics: 'orders.>', stage: 'delivery', thresholdMs: 1, objective: 0.999, windowMs: 28 * day },
    { name: 'trades', topics: 'trades.*', stage: 'routing', thresholdMs: 0.25, objective: 0.99, windowMs: 7 * day },
  ])
  t.same(loaded.config.topicClass, [{ name: 'all', topics: '>' }])
  t.ok(Object.isFrozen(loaded.config.slo[0]))
  const without = load('')
  t.ok(without.ok && without.config.slo.length === 0 && without.digest !== loaded.digest)
  t.same(load(`slo = [{ name = "orders", topics = "orders.>", threshold = "1ms", objective = 0.999 }]`), load(SLO))
  t.end()
})

t.test('what is wrong in a table is told with its place', (t) => {
  const cases: [name: string, toml: string, expected: string[]][] = [
    [
      'what is missing',
      '\n[[slo]]\nname = "a"',
      [
        'c.toml:2:1 slo.topics: is missing; every [[slo]] has name, topics, threshold, objective',
        'c.toml:2:1 slo.threshold: is missing; every [[slo]] has name, topics, threshold, objective',
        'c.toml:2:1 slo.objective: is missing; every [[slo]] has name, topics, threshold, objective',
      ],
    ],
    [
      'an unknown key in the second',
      `${SLO}[[slo]]\nname = "b"\ntopic = "b"\ntopics = "b"\nthreshold = "1ms"\nobjective = 0.9`,
      ['c.toml:8:1 slo.topic: unknown key; did you mean slo.topics?'],
    ],
    [
      'a key like none',
      `${SLO}colour = 1`,
      ['c.toml:6:1 slo.colour: unknown key; [[slo]] has name, topics, stage, threshold, objective, window'],
    ],
    [
      'values that cannot be',
      '[[slo]]\nname = "Orders"\ntopics = "orders..*.**"\nstage = "deliver"\nthreshold = "250µs"\nobjective = 99.9\nwindow = "28"',
      [
        'c.toml:2:8 slo.name: expected 1 to 64 of a-z, 0-9, "_" and "-", given "Orders"',
        'c.toml:3:10 slo.topics: expected a pattern such as "orders.>" or "orders.*.created", given "orders..*.**"; did you mean "orders.*.>"?',
        'c.toml:4:9 slo.stage: expected one of "routing", "delivery", given "deliver"; did you mean "delivery"?',
        'c.toml:5:13 slo.threshold: expected a duration from "10us" to "1m", given "250µs"; did you mean "250us"?',
        'c.toml:6:13 slo.objective: expected a number from 0.5 to 0.999999, given 99.9; did you mean 0.999?',
        'c.toml:7:10 slo.window: expected a duration from "1d" to "90d", given "28"',
      ],
    ],
    ['a name twice', SLO + SLO, ['c.toml:7:8 slo.name: another [[slo]] is called "orders" already; names must differ']],
    [
      'a table that is no array',
      '[slo]\nname = "a"',
      [
        'c.toml:1:1 slo: expected tables: [[slo]] and its keys on lines of their own, once for each, given a table; did you mean [[slo]]?',
      ],
    ],
    [
      'a value',
      'topic_class = 3',
      [
        'c.toml:1:1 topic_class: expected tables: [[topic_class]] and its keys on lines of their own, once for each, given 3',
      ],
    ],
    ['an unknown array', '[[slos]]\nname = "a"', ['c.toml:1:1 slos: unknown array of tables; did you mean [[slo]]?']],
    [
      'an array like none',
      '[[plugins]]\nname = "a"',
      ['c.toml:1:1 plugins: unknown array of tables; there are [[slo]], [[topic_class]], [[user]], [[role]]'],
    ],
    [
      'a class that is called as an objective on other topics',
      `${SLO}[[topic_class]]\nname = "orders"\ntopics = "orders.eu.>"`,
      [
        'c.toml:2:8 slo.name: a [[topic_class]] on other topics ("orders.eu.>") is called "orders", too; names must differ',
      ],
    ],
    [
      'a class that is called as an objective on the same',
      `${SLO}[[topic_class]]\nname = "orders"\ntopics = "orders.>"`,
      [],
    ],
  ]
  for (const [name, toml, expected] of cases) t.same(problems(toml), expected, name)
  t.same(
    problems(SLO, { 'observe.latency': 'false' }),
    ['--observe.latency: it is false, and nothing is timed that [[slo]] could be judged by'],
    'objectives without any measurement',
  )
  t.same(
    problems('', { 'slo.name': 'a' }),
    ['--slo.name: [[slo]] can be given in a configuration file only'],
    'a flag for a table',
  )
  t.end()
})

t.test('classes of topics are few', (t) => {
  const slo = (n: number) => SLO.replaceAll('orders', `o${n}`)
  const many = Array.from({ length: TOPIC_CLASSES_MAX }, (_, n) => slo(n)).join('')
  t.same(problems(many), [])
  t.same(problems(many + slo(3).replace('"o3"', '"again"')), [], 'topics that are a class already are no other one')
  t.same(problems(many + slo(99)), [
    `c.toml:${TOPIC_CLASSES_MAX * 5 + 1}:1 slo: the topics of [[slo]] and [[topic_class]] are ${TOPIC_CLASSES_MAX + 1} different patterns; at most ${TOPIC_CLASSES_MAX} can be timed apart`,
  ])
  t.equal(TOPIC_CLASSES_MAX, CLASSES_OF_THE_CORE, 'as many as the core has counters for')
  t.same(
    topicClassesOf({
      topicClass: [{ name: 'all', topics: '>' }],
      slo: [
        { name: 'a', topics: '>' },
        { name: 'b', topics: 'b' },
        { name: 'c', topics: 'b' },
      ],
    }),
    [
      { name: 'all', topics: '>' },
      { name: 'b', topics: 'b' },
    ],
  )
  t.end()
})

t.test('what the file shows as an example is one', (t) => {
  const shown = renderToml()
    .split('\n')
    .map((line) => (/^#(?! |:)/.test(line) ? line.slice(1) : line))
    .join('\n')
  const loaded = load(shown)
  t.match(loaded, { ok: true })
  if (loaded.ok) t.same([loaded.config.slo.length, loaded.config.topicClass.length], [1, 1])
  t.ok(z.fromJSONSchema(JSON.parse(renderSchema())).safeParse(parse(shown)).success, 'also by the schema')
  for (const [name, { options, required, example }] of TABLE_ENTRIES) {
    t.same(Object.keys(example), Object.keys(options), `${name} shows every key`)
    t.ok(required.includes('name'), `${name} has names`)
    for (const [key, option] of Object.entries(options)) {
      t.ok(option.schema.safeParse(example[key]).success, `${name}.${key}`)
      t.match(option.describe, /^[A-Z0-9].*\.$/, `${name}.${key} is described in sentences`)
      t.match(option.reason, /^[A-Z0-9].*\.$/, `${name}.${key} has a reason in sentences`)
    }
  }
  t.notOk(
    /^\[\[/m.test(readFileSync(new URL('../../../config/sluice.toml', import.meta.url), 'utf8')),
    'none by default',
  )
  t.end()
})

t.test('times below a millisecond', (t) => {
  const times: [string, number | null][] = [
    ['250us', 0.25],
    ['1us', 0.001],
    ['0.5us', 0.0005],
    ['0.07ms', 0.07],
    ['1.5ms', 1.5],
    ['2s', 2000],
    ['1m', 60_000],
    ['0.0001us', null],
    ['0', null],
    ['1', null],
    ['us', null],
  ]
  for (const [text, ms] of times) t.equal(parseFineMs(text), ms, text)
  for (const [ms, text] of [
    [0.25, '250us'],
    [0.07, '70us'],
    [1.5, '1.5ms'],
    [1, '1ms'],
    [90_000, '90s'],
    [86_400_000, '1d'],
  ] as const) {
    t.equal(formatMs(ms), text)
    t.equal(parseFineMs(text), ms)
  }
  t.end()
})
