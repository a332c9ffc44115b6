import t from 'tap'
import { PAGE_GRANT, PageTokens } from '../../src/security/page-tokens.js'
import { hashToken } from '../../src/security/tokens.js'

t.test('a token of a page is good for some minutes, and nobody else makes one', async (t) => {
  let now = 1_700_000_000_000
  const pages = new PageTokens(() => now)
  const { token, expiresInMs } = pages.make()
  t.ok(expiresInMs >= 60_000 && expiresInMs <= 10 * 60_000)
  t.not(pages.make().token, token)
  t.equal(pages.endOf(hashToken(token)), now + expiresInMs)
  t.equal(pages.endOf(hashToken(`${token}x`)), 0)
  t.equal(pages.endOf(token), 0)
  now += expiresInMs - 1
  t.not(pages.endOf(hashToken(token)), 0)
  now += 1
  t.equal(pages.endOf(hashToken(token)), 0)
})

t.test('they are bounded, and forgotten when they have ended or are to be', async (t) => {
  let now = 1_700_000_000_000
  const pages = new PageTokens(() => now)
  const size = (): number => (pages as unknown as { ends: Map<string, number> }).ends.size
  const first = pages.make().token
  for (let i = 0; i < 5000; i++) pages.make()
  t.equal(size(), 4096)
  t.equal(pages.endOf(hashToken(first)), 0, 'the oldest goes')
  now += 10 * 60_000
  const { token } = pages.make()
  t.equal(size(), 1)
  pages.clear()
  t.equal(pages.endOf(hashToken(token)), 0)
})

t.test('a page sees what the daemon tells, and does nothing', async (t) => {
  const { publish, subscribe, laneMin } = PAGE_GRANT.access
  t.ok(subscribe?.permits('$sys.stats'))
  t.notOk(subscribe?.permits('orders.eu'))
  t.notOk(publish?.permits('orders.eu'))
  t.equal(laneMin, 7)
})
