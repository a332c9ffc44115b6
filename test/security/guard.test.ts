// The guard by itself, on a router without sockets: what it does between a question and its answer, and what it tells the log.
import t from 'tap'
import { Code } from '../../src/protocol/codes.js'
import { Op } from '../../src/protocol/ops.js'
import { Endings } from '../../src/security/endings.js'
import { hashPassword } from '../../src/security/passwords.js'
import { Security } from '../../src/security/security.js'
import { hashToken } from '../../src/security/tokens.js'
import { controlFrame } from '../helpers/core-frames.js'
import { CoreHarness, type Peer } from '../helpers/core-harness.js'
import { Issuer } from '../helpers/issuer.js'
import { configFrom, folder } from '../helpers/secured.js'
import { until } from '../helpers/until.js'

const CHEAP = { logN: 10, r: 1, p: 1 }
const SECRET = 'correct horse battery staple'

interface Line {
  level: string
  sentence: string
  fields: unknown
}

async function secured(t: { teardown(run: () => unknown): void }, text: string) {
  const core = new CoreHarness()
  const lines: Line[] = []
  const config = configFrom(text)
  const security = await Security.open(config, core.router, (level, sentence, fields = {}) => {
    lines.push({ level, sentence, fields })
  })
  t.teardown(() => security.close())
  const locked = (): Peer => {
    const peer = core.peer()
    security.guard.opened(peer.session, null)
    return peer
  }
  return { core, lines, security, guard: security.guard, locked }
}

function authenticate(
  peer: Peer,
  request: number,
  credentials: { token: string } | { user: string; password: string },
): void {
  peer.send(controlFrame({ op: Op.AUTH, request, credentials }))
}

/** What the daemon has told since it was last looked, that answers something. */
function answers(peer: Peer): { request: number; code: number }[] {
  return peer.link.take().flatMap((frame) => {
    if (frame.op === Op.OK) return [{ request: frame.request, code: 0 }]
    return frame.op === Op.ERROR ? [{ request: frame.request, code: frame.code }] : []
  })
}

t.test('between a question and its answer', async (t) => {
  const hash = await hashPassword(SECRET, CHEAP)
  const { core, security, guard, locked } = await secured(t, `[[user]]\nname = "olga"\npassword_hash = "${hash}"\n`)
  const good = { user: 'olga', password: SECRET }

  const twice = locked()
  authenticate(twice, 1, good)
  authenticate(twice, 2, good)
  t.same(answers(twice), [{ request: 2, code: Code.AUTH_UNAVAILABLE }], 'one at a time')
  t.equal(twice.session.access.isLocked, true)
  await until('the verdict', () => !twice.session.access.isLocked)
  t.same(answers(twice), [{ request: 1, code: 0 }])

  const gone = locked()
  authenticate(gone, 1, { user: 'olga', password: `${SECRET}!` })
  gone.close()
  await until('the verdict', () => guard.meters.attempts.get('password bad_credentials') === 1)
  t.same(answers(gone), [], 'who has gone is told nothing')
  t.equal(guard.meters.locked, 0)

  const late = await guard.identify({ credentials: good, certificateSubject: '', address: '' })
  t.type(late, 'object')
  if (typeof late === 'number') return
  const changed = configFrom(`[[user]]\nname = "olga"\npassword_hash = "${await hashPassword('new', CHEAP)}"\n`)
  const commit = await security.prepare(changed)
  commit()
  t.equal(guard.opened(core.peer().session, late), Code.TOKEN_REVOKED, 'an answer is as good as when it is used')
  await until('the other to go', () => twice.session.outbox.ending)
  t.equal(guard.meters.known, 0)
})

t.test('what is not known is not told, and what is secret is not logged', async (t) => {
  const issuer = await new Issuer().add('one')
  const file = folder(t).write('jwks.json', issuer.jwks)
  const hash = await hashPassword(SECRET, CHEAP)
  const { lines, guard } = await secured(
    t,
    `[jwt]\njwks_file = ${JSON.stringify(file)}\n[[role]]\nname = "all"\n` +
      `[[user]]\nname = "olga"\npassword_hash = "${hash}"\ntoken_hashes = ["${hashToken('slt_olga')}"]\n`,
  )
  const expired = await issuer.token({ exp: 1 })
  const shown = [
    { user: 'olga', password: 'wrong horse' },
    { user: 'igor', password: 'wrong horse' },
    { token: 'slt_igor' },
    { token: expired },
    { token: `${expired.slice(0, -4)}AAAA` },
  ]
  for (const credentials of shown) {
    const claim = { credentials, certificateSubject: '', address: '192.0.2.7' }
    t.equal(await guard.identify(claim), Code.BAD_CREDENTIALS)
  }
  const warned = lines.filter(({ level }) => level === 'warn')
  t.match(
    warned.map(({ sentence }) => sentence),
    [/no such user, or not their password/, /no such user, or not their password/, /not known/, /expired/, /signature/],
  )
  t.match(warned[0].fields, { kind: 'password', address: '192.0.2.7', user: 'olga' })
  const all = JSON.stringify(lines)
  for (const secret of ['wrong horse', 'slt_igor', expired.slice(0, 40), expired.slice(-40)]) {
    t.notMatch(all, secret, 'not what was shown')
  }
})

t.test('rates and lanes of a role reach the session', async (t) => {
  const { core, guard } = await secured(
    t,
    `[[role]]\nname = "slow"\nlane_min = 2\nevents_per_second = 5\n[[user]]\nname = "ada"\nrole = "slow"\ntoken_hashes = ["${hashToken('slt_ada')}"]\n`,
  )
  const who = await guard.identify({ credentials: { token: 'slt_ada' }, certificateSubject: '', address: '' })
  if (typeof who === 'number') throw new Error(String(who))
  const peer = core.peer()
  t.equal(guard.opened(peer.session, who), 0)
  peer.publish('a', ['x'], 1)
  t.equal(peer.session.refused, 1, 'a lane that is too urgent')
  for (let each = 0; each < 20; each++) peer.publish('a', ['x'], 2)
  t.equal(peer.session.accepted, 5, 'as many as a second has')
  authenticate(peer, 1, { token: 'slt_ada' })
  peer.publish('a', ['x'], 2)
  t.equal(peer.session.accepted, 5, 'to say it again fills nothing up')
})

t.test('a crowd goes a few at a time', async (t) => {
  const ended: number[] = []
  const endings = new Endings<number>((item) => ended.push(item))
  endings.add([])
  endings.add(Array.from({ length: 100 }, (_, each) => each))
  t.ok(ended.length > 0 && ended.length < 100, `${ended.length} at once`)
  endings.add([100, 101])
  await until('all of them', () => ended.length === 102)
  t.same(
    ended,
    Array.from({ length: 102 }, (_, each) => each),
  )
  endings.add([7])
  t.equal(ended.length, 103)
})
