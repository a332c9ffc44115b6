import t from 'tap'
import { Attempts, networkOf } from '../../src/security/attempts.js'
import { PasswordDesk } from '../../src/security/password-desk.js'
import { hashOfNobody, hashPassword, parsePasswordHash, verifyPassword } from '../../src/security/passwords.js'

/** So cheap that it would be no use outside of a test. */
const CHEAP = { logN: 10, r: 1, p: 1 }
const HERE = '192.0.2.1'

t.test('hashes', async (t) => {
  const text = await hashPassword('correct horse', CHEAP)
  t.match(text, /^scrypt:10:1:1:[\w-]{22}:[\w-]{43}$/)
  const hash = parsePasswordHash(text)
  t.equal(await verifyPassword('correct horse', hash), true)
  t.equal(await verifyPassword('correct horse ', hash), false)
  t.equal(await verifyPassword('', hash), false)
  // RFC 7914, 12: the third vector, of which 32 bytes stand for the 64.
  const vector = {
    cost: { logN: 10, r: 8, p: 16 },
    salt: Buffer.from('NaCl'),
    hash: Buffer.from('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162', 'hex'),
  }
  t.equal(await verifyPassword('password', vector), true, 'as others reckon it')
})

t.test('an address may be wrong so often', async (t) => {
  let now = 0
  const attempts = new Attempts(() => now)
  const begun = (address: string, times: number): number =>
    Array.from({ length: times }, () => attempts.begin(address)).filter(Boolean).length
  t.equal(begun(HERE, 50), 10)
  t.equal(begun('192.0.2.2', 1), 1, 'each for itself')
  now += 6_000
  t.equal(begun(HERE, 50), 1, 'one more after a while')
  now += 3_600_000
  t.equal(begun(HERE, 50), 10, 'and no more than at first after a long one')
  now += 3_600_000
  for (let each = 0; each < 100; each++) {
    t.equal(attempts.begin(HERE), true, 'who is right is never kept waiting')
    attempts.succeeded(HERE)
  }
})

t.test('whose an address is', async (t) => {
  const cases = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
    ['', ''],
  ]
  for (const [address, whose] of cases) t.equal(networkOf(address), whose, address)
})

t.test('the desk', async (t) => {
  const text = await hashPassword('right', CHEAP)
  const hash = parsePasswordHash(text)
  const desk = new PasswordDesk(() => 0)
  const verify = (password: string, address = HERE) => desk.verify('ada', password, text, hash, address)
  t.equal(await desk.verify('ada', 'right', '', hashOfNobody(CHEAP), '192.0.2.9'), 'wrong', 'a user that is not there')

  const same = Array.from({ length: 30 }, () => verify('right'))
  t.same(new Set(await Promise.all(same)), new Set(['right']), 'a crowd with one password is one attempt')
  t.equal(verify('right'), 'right', 'and then it is known')

  const wrong = await Promise.all(Array.from({ length: 30 }, (_, each) => verify(`wrong ${each}`)))
  t.equal(wrong.filter((verdict) => verdict === 'wrong').length, 10)
  t.equal(wrong.filter((verdict) => verdict === 'throttled').length, 20, 'many at once are not one')
  t.equal(verify('right'), 'right', 'who is known has nothing to do with them')
  t.equal(verify('wrong again'), 'throttled')

  const crowd = Array.from({ length: 100 }, (_, each) => verify('another', `198.51.100.${each}`))
  t.equal(new Set(crowd).size, 1, 'the same password from elsewhere waits for the same verdict')
  const others = Array.from({ length: 100 }, (_, each) => verify(`guess ${each}`, `198.51.100.${each}`))
  t.ok(others.includes('busy'), 'more than there is time for are not looked at')
  t.ok((await Promise.all(others)).includes('wrong'))

  const changed = await hashPassword('new', CHEAP)
  t.equal(
    await desk.verify('ada', 'right', changed, parsePasswordHash(changed), '203.0.113.1'),
    'wrong',
    'what was known is of the hash',
  )
})
