import { fstatSync, openSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { isJournal, journalLines } from '../../../src/daemon/systemd/journal.js'

t.test('each line has its priority before it', async (t) => {
  const lines: string[] = []
  const log = pino(
    { level: 'trace', base: null, timestamp: false },
    journalLines({ write: (line) => lines.push(line) }),
  )
  log.trace('1')
  log.debug('2')
  log.info('3')
  log.warn('4')
  log.error({ a: 1 }, '5')
  log.fatal('6')
  t.same(
    lines.map((line) => line.slice(0, 3)),
    ['<7>', '<7>', '<6>', '<4>', '<3>', '<2>'],
  )
  t.same(JSON.parse(lines[4].slice(3)), { level: 50, a: 1, msg: '5' })
})

t.test('only what is the journal is taken for it', async (t) => {
  const file = openSync('/dev/null', 'r')
  const { dev, ino } = fstatSync(file)
  t.ok(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, file))
  t.notOk(isJournal({ JOURNAL_STREAM: `${dev}:${ino + 1}` }, file), 'a pipe to another program')
  t.notOk(isJournal({}, file))
  t.notOk(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, 99_999), 'a descriptor that is closed')
})
