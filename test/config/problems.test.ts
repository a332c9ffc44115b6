import t from 'tap'
import { formatProblem, type LoadOptions, loadConfig } from '../../src/config/index.js'

function problems(options: Partial<LoadOptions>): string[] {
  const loaded = loadConfig({ env: {}, flags: {}, ...options })
  return loaded.ok ? [] : loaded.problems.map(formatProblem)
}

t.test('what is wrong is told with place, key, what was given and what was meant', (t) => {
  const cases: [name: string, toml: string, expected: string[]][] = [
    [
      'a misspelt key',
      '[router]\nlane_weigths = [1]\n',
      ['c.toml:2:1 router.lane_weigths: unknown key; did you mean router.lane_weights?'],
    ],
    [
      'a key of another section',
      '[router]\nmessage_bytes_max = 1',
      ['c.toml:2:1 router.message_bytes_max: unknown key; did you mean listen.message_bytes_max?'],
    ],
    ['a key like none', '[log]\ncolour = 1', ['c.toml:2:1 log.colour: unknown key; [log] has level, pretty']],
    ['a key outside of any section', 'prot = 1', ['c.toml:1:1 prot: unknown key; did you mean listen.port?']],
    ['a key like none, outside', 'colour = 1', ['c.toml:1:1 colour: unknown key; every option is in a section']],
    ['a misspelt section', '\n[lisen]\nport = 1', ['c.toml:2:1 lisen: unknown section; did you mean [listen]?']],
    [
      'a section like none',
      '[plugins]',
      [
        'c.toml:1:1 plugins: unknown section; there are server, listen, http, http2, https, tls, auth, jwt, security, limits, admin, protocol, router, outbox, memory, log, observe, shutdown, slo, topic_class, user, role',
      ],
    ],
    [
      'a section that is a value',
      'listen = 7400',
      ['c.toml:1:1 listen: expected a table: [listen] and its keys on lines of their own, given 7400'],
    ],
    [
      'a section that is a list',
      '[[listen]]\nport = 1',
      ['c.toml:1:1 listen: expected a table: [listen] and its keys on lines of their own, given [a table]'],
    ],
    [
      'a table where a value belongs',
      '[listen.port]\nnumber = 1',
      ['c.toml:1:1 listen.port: expected an integer from 0 to 65535, given a table'],
    ],
    [
      'a number in quotes',
      '[listen]\nport = "7400"',
      ['c.toml:2:8 listen.port: expected an integer from 0 to 65535, given "7400"; did you mean 7400?'],
    ],
    [
      'a number out of range, in an inline table',
      'listen = { host = "::1", port = 65536 }',
      ['c.toml:1:33 listen.port: expected an integer from 0 to 65535, given 65536'],
    ],
    [
      'an integer too large for a number, by a dotted key',
      'router.slabs = 99999999999999999999',
      ['c.toml:1:16 router.slabs: expected an integer from 2 to 4096, given 99999999999999999999'],
    ],
    [
      'a fraction where an integer belongs',
      '[router]\nslabs = 2.5',
      ['c.toml:2:9 router.slabs: expected an integer from 2 to 4096, given 2.5'],
    ],
    [
      'no number',
      '[router]\nstrict_share = nan',
      ['c.toml:2:16 router.strict_share: expected a number from 0.1 to 0.99, given nan'],
    ],
    [
      'percent',
      '[memory]\nresume_ratio = 90',
      ['c.toml:2:16 memory.resume_ratio: expected a number from 0.1 to 0.99, given 90; did you mean 0.9?'],
    ],
    [
      'an ambiguous size',
      '[listen]\nmessage_bytes_max = "64KB"',
      [
        'c.toml:2:21 listen.message_bytes_max: expected a size from "1KiB" to "64MiB", given "64KB"; did you mean "64KiB"?',
      ],
    ],
    [
      'a size below its range',
      '[listen]\nmessage_bytes_max = 1023',
      ['c.toml:2:21 listen.message_bytes_max: expected a size from "1KiB" to "64MiB", given 1023'],
    ],
    [
      'a time without a unit',
      '[listen]\nidle_timeout = 30',
      [
        'c.toml:2:16 listen.idle_timeout: expected 0 (off) or a duration from "8s" to "16m", given 30; did you mean "30s"?',
      ],
    ],
    [
      'a time that cannot be off',
      '[outbox]\nsoft_time = 0',
      ['c.toml:2:13 outbox.soft_time: expected a duration from "100ms" to "1h", given 0'],
    ],
    [
      'a word for yes',
      '[admin]\nenabled = "yes"',
      ['c.toml:2:11 admin.enabled: expected true or false, given "yes"; did you mean true?'],
    ],
    [
      'a choice nearly right',
      '[outbox]\npolicy = "drop_oldest"',
      [
        'c.toml:2:10 outbox.policy: expected one of "drop-oldest", "drop-newest", "conflate", "disconnect", given "drop_oldest"; did you mean "drop-oldest"?',
      ],
    ],
    [
      'a choice by another name',
      '[log]\npretty = true',
      ['c.toml:2:10 log.pretty: expected one of "auto", "always", "never", given true; did you mean "always"?'],
    ],
    [
      'a list too short',
      '[router]\nlane_weights = [1, 2]',
      ['c.toml:2:16 router.lane_weights: expected a list of 7 integers from 1 to 1024, given [1, 2]'],
    ],
    [
      'a host with a port',
      '[listen]\nhost = "http://example.org"',
      ['c.toml:2:8 listen.host: expected an IP address or a host name, given "http://example.org"'],
    ],
    [
      'a date',
      '[server]\nname = 2020-01-01',
      ['c.toml:2:8 server.name: expected at most 128 characters, none of them a control character, given a date'],
    ],
    [
      'names that objects have anyway, and one with an escape sequence',
      '__proto__ = 1\n[log]\nconstructor = 1\n"\\u001b[2J" = 1',
      [
        'c.toml:1:1 __proto__: unknown key; every option is in a section',
        'c.toml:3:1 log.constructor: unknown key; [log] has level, pretty',
        'c.toml:4:1 log."\\u001b[2J": unknown key; [log] has level, pretty',
      ],
    ],
    [
      'no quotes',
      '\n[listen]\nhost = 127.0.0.1',
      ['c.toml:3:13: not TOML: illegal character in numeric literal; did you mean host = "127.0.0.1"?'],
    ],
    ['Python', '[admin]\nenabled = True', ['c.toml:2:11: not TOML: invalid value; did you mean enabled = true?']],
    ['an open string', 'a = "x', ['c.toml:1:5: not TOML: unfinished string']],
    [
      'the same key twice',
      '[listen]\nport = 1\nport = 2',
      ['c.toml:3:1: not TOML: trying to redefine an already defined table or value'],
    ],
    [
      'all of it, in the order of the file',
      '[log]\nlevel = "loud"\nlevle = 1\n[listen]\nport = -1\n',
      [
        'c.toml:2:9 log.level: expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent", given "loud"',
        'c.toml:3:1 log.levle: unknown key; did you mean log.level?',
        'c.toml:5:8 listen.port: expected an integer from 0 to 65535, given -1',
      ],
    ],
  ]
  for (const [name, text, expected] of cases) t.same(problems({ file: 'c.toml', text }), expected, name)
  t.end()
})

t.test('rules between options are told where the last word was', (t) => {
  const cases: [name: string, options: Partial<LoadOptions>, expected: string[]][] = [
    [
      'a certificate without its key',
      { text: '[tls]\ncertificate = "a.pem"' },
      ['<text>:2:15 tls.certificate: tls.key is empty; a certificate and its key go together'],
    ],
    [
      'TLS without a certificate',
      { text: '[listen]\ntls = true' },
      ['<text>:2:7 listen.tls: listen.tls needs a certificate: set tls.certificate and tls.key'],
    ],
    ['a port that is not opened', { text: '[listen]\nport = 7443' }, []],
    [
      'a port that is',
      { text: '[listen]\nport = 7443\n[tls]\ncertificate = "a.pem"\nkey = "a.key"' },
      ['<text>:2:8 listen.port: https.port and listen.port are both 7443; give each its own'],
    ],
    [
      'equal ports',
      { text: '[listen]\nport = 7402' },
      ['<text>:2:8 listen.port: admin.port and listen.port are both 7402; give each its own'],
    ],
    ['equal ports, one of them unused', { text: '[listen]\nport = 7402\n[admin]\nenabled = false' }, []],
    ['any free port, twice', { flags: { 'listen.port': '0', 'admin.port': '0' } }, []],
    [
      'a payload that fits no message',
      { flags: { 'protocol.payload_bytes_max': '1MiB' } },
      [
        '--protocol.payload_bytes_max: protocol.payload_bytes_max (1MiB) and 4362 bytes of topic and metadata ' +
          'do not fit listen.message_bytes_max (1MiB)',
      ],
    ],
    [
      'a message that fits no slab',
      { text: '[listen]\nmessage_bytes_max = "2MiB"' },
      ['<text>:2:21 listen.message_bytes_max: 2MiB is more than router.slab_bytes (1MiB)'],
    ],
    [
      'the same, told at the slab, with what else does not fit it',
      { text: '[router]\nslab_bytes = "64KiB"' },
      [
        '<text>:2:14 router.slab_bytes: 64KiB is less than listen.message_bytes_max (1MiB)',
        '<text>:2:14 router.slab_bytes: router.pending_bytes_max (8MiB) is more than all slabs hold ' +
          '(router.slabs times router.slab_bytes is 2MiB)',
      ],
    ],
    [
      'more slabs than can be addressed',
      { text: '[router]\nslab_bytes = "2MiB"\nslabs = 4096' },
      ['<text>:3:9 router.slabs: router.slabs times router.slab_bytes is 8GiB; at most 2GiB can be addressed'],
    ],
    [
      'draining later than intake stops',
      { text: '[router]\ninline_drain_bytes = "16MiB"' },
      ['<text>:2:22 router.inline_drain_bytes: 16MiB is more than router.pending_bytes_max (8MiB)'],
    ],
    [
      'runs and batches that fit nothing',
      { text: '[router]\nrun_bytes_max = "2MiB"\nbatch_bytes = "2KiB"', flags: { 'listen.message_bytes_max': '1KiB' } },
      [
        '--listen.message_bytes_max: protocol.payload_bytes_max (1000KiB) and 4362 bytes of topic and metadata ' +
          'do not fit listen.message_bytes_max (1KiB)',
        '<text>:2:17 router.run_bytes_max: 2MiB is more than router.slab_bytes (1MiB)',
        '<text>:3:15 router.batch_bytes: 2KiB is less than router.direct_bytes (4KiB)',
        '--listen.message_bytes_max: 1KiB is less than router.batch_bytes (2KiB)',
      ],
    ],
    [
      'soft over hard',
      { text: '[outbox]\nsoft_bytes = "512KiB"', env: { SLUICE_OUTBOX_BYTES_MAX: '300KiB' } },
      ['SLUICE_OUTBOX_BYTES_MAX outbox.bytes_max: 300KiB is less than outbox.soft_bytes (512KiB)'],
    ],
    [
      'a budget below one outbox',
      { flags: { 'memory.budget': '512KiB' } },
      ['--memory.budget: 512KiB is less than outbox.bytes_max (1MiB)'],
    ],
    [
      'not judged while one of the two is wrong by itself',
      { text: '[outbox]\nsoft_bytes = "2MiB"\nbytes_max = "?"' },
      ['<text>:3:13 outbox.bytes_max: expected a size from "1KiB" to "1GiB", given "?"'],
    ],
    [
      'not judged while the file cannot be read',
      { text: '[admin]\nport = 1\n?', flags: { 'listen.port': '7402' } },
      ['<text>:3:1: not TOML: illegal character in key'],
    ],
  ]
  for (const [name, options, expected] of cases) t.same(problems(options), expected, name)
  t.end()
})

t.test('variables and flags that are wrong', (t) => {
  t.same(
    problems({
      env: {
        SLUICE_LISTEN_PROT: '1',
        SLUICE_LITSEN_PORT: '1',
        SLUICE_ADMIN_PORT: 'tcp://10.0.0.1:7402',
        SLUICE_LOG_LEVEL: '',
        SLUICE_LOG_COLOUR: '1',
      },
      flags: { 'listen.prot': '1', colour: '1', 'router.lane_weights': '1,2', 'memory.budget': '1 GB' },
    }),
    [
      'SLUICE_LISTEN_PROT: unknown variable; did you mean SLUICE_LISTEN_PORT?',
      'SLUICE_LITSEN_PORT: unknown variable; did you mean SLUICE_LISTEN_PORT?',
      'SLUICE_LOG_COLOUR: unknown variable; config/sluice.toml lists every option',
      'SLUICE_ADMIN_PORT admin.port: expected an integer from 0 to 65535, given "tcp://10.0.0.1:7402"',
      'SLUICE_LOG_LEVEL log.level: expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent", given ""',
      '--listen.prot: unknown flag; did you mean --listen.port?',
      '--colour: unknown flag; config/sluice.toml lists every option',
      '--router.lane_weights: expected a list of 7 integers from 1 to 1024, given [1, 2]',
      '--memory.budget: expected a size from "64KiB" to "64GiB", given "1 GB"; did you mean "1GiB"?',
    ],
  )
  t.same(
    problems({ env: { SLUICE_URL: 'ws://x', SLUICE_PORT: 'tcp://x', SLUICE_SERVICE_HOST: 'x', LISTEN_PORT: 'x' } }),
    [],
    'variables of somebody else are left alone',
  )
  t.end()
})

t.test('a problem has its parts for a program, too', (t) => {
  const loaded = loadConfig({ text: '[listen]\nport = "7400"', env: {}, flags: {} })
  t.same(loaded, {
    ok: false,
    problems: [
      {
        source: '<text>',
        line: 2,
        column: 8,
        key: 'listen.port',
        message: 'expected an integer from 0 to 65535, given "7400"; did you mean 7400?',
        given: '"7400"',
        expected: 'an integer from 0 to 65535',
        meant: '7400',
      },
    ],
  })
  t.end()
})
