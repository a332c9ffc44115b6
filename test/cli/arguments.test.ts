import t from 'tap'
import { type OptionTable, parseArguments } from '../../src/cli/arguments.js'
import { UsageError } from '../../src/cli/command.js'

const TABLE: OptionTable = {
  lane: { value: 'LANE', help: '' },
  count: { value: 'N', short: 'n', help: '' },
  raw: { help: '' },
}

function parse(line: string, dotted = false) {
  const { positionals, options, dotted: given } = parseArguments(line === '' ? [] : line.split(' '), TABLE, dotted)
  return { positionals, options: Object.fromEntries(options), dotted: Object.fromEntries(given) }
}

function refusal(line: string, dotted = false): string {
  try {
    parse(line, dotted)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'accepted'
}

t.test('options and arguments in any order', async (t) => {
  t.same(parse(''), { positionals: [], options: {}, dotted: {} })
  t.same(parse('a --lane 3 b --raw c'), { positionals: ['a', 'b', 'c'], options: { lane: '3', raw: true }, dotted: {} })
  t.same(parse('--lane=3 -n 5 a').options, { lane: '3', count: '5' })
  t.same(parse('-n5 a -n=6').options, { count: '6' })
  t.same(parse('-n5').options, { count: '5' })
  t.same(parse('--lane= a').options, { lane: '' })
  t.same(parse('--lane 1 --lane 2').options, { lane: '2' }, 'the last one counts')
})

t.test('negative numbers and a lone dash are values', async (t) => {
  t.same(parse('temperature -5').positionals, ['temperature', '-5'])
  t.same(parse('temperature -.5 -').positionals, ['temperature', '-.5', '-'])
  t.same(parse('--lane -1').options, { lane: '-1' }, 'for whoever reads the option to refuse')
})

t.test('after -- nothing is an option', async (t) => {
  t.same(parse('a -- --raw -n'), { positionals: ['a', '--raw', '-n'], options: {}, dotted: {} })
})

t.test('what is not known is answered with what is near', async (t) => {
  t.equal(refusal('--lnae 3'), 'unknown option --lnae; did you mean --lane?')
  t.equal(refusal('--constructor'), 'unknown option --constructor')
  t.equal(refusal('--__proto__ 1'), 'unknown option --__proto__')
  t.equal(refusal('-x'), 'unknown option -x')
  t.equal(refusal('--lane'), '--lane needs a value: LANE')
  t.equal(refusal('--raw=yes'), '--raw takes no value')
})

t.test('dotted options only where they are allowed', async (t) => {
  t.same(parse('--listen.port 7500 --log.level=debug', true).dotted, { 'listen.port': '7500', 'log.level': 'debug' })
  t.match(refusal('--listen.port 7500'), /^unknown option --listen\.port/)
  t.equal(refusal('--listen.port', true), '--listen.port needs a value')
})
