import t from 'tap'
import { FULL_ACCESS } from '../../src/core/access.js'
import { type Grant, Roles } from '../../src/security/roles.js'
import { readToldRole, type ToldRole } from '../../src/security/told-role.js'
import { configFrom } from '../helpers/secured.js'

const TEXT = `
[limits]
events_per_second = 1000
connections_per_user = 10
[[role]]
name = "shop"
publish = ["orders.>", "users.{user}.>"]
publish_deny = ["orders.{user}.secret"]
subscribe = ["orders.*"]
lane_min = 2
events_per_second = 500
[[role]]
name = "plain"
publish = ["a.>"]
[[role]]
name = "same"
publish = ["a.>"]
`

const publishes = ({ access }: Grant, topic: string): boolean =>
  access.publish === null || access.publish.permits(topic)
const told = (claim: unknown, hasRole = false): ToldRole => {
  const read = readToldRole(claim, hasRole)
  if (typeof read === 'string') throw new Error(read)
  return read
}

t.test('roles', async (t) => {
  const roles = new Roles(configFrom(TEXT))
  const ada = roles.grant('shop', 'ada') as Grant
  t.equal(publishes(ada, 'users.ada.x'), true)
  t.equal(publishes(ada, 'users.bob.x'), false)
  t.equal(publishes(ada, 'users.{user}.x'), false)
  t.equal(publishes(ada, 'orders.ada.secret'), false)
  t.equal(publishes(ada, 'orders.bob.secret'), true)
  t.equal(ada.access.laneMin, 2)
  t.equal(ada.access.user, 'ada')
  t.same(ada.rateLimits, { eventsPerSecond: 500, bytesPerSecond: 0 })
  t.equal(ada.connectionsMax, 10)
  t.equal(roles.grant('shop', 'ada')?.access, ada.access, 'sessions of a user share what is known')
  t.equal(
    roles.grant('plain', 'ada')?.access.publish,
    roles.grant('plain', 'bob')?.access.publish,
    'rules that name nobody are shared by all',
  )
  t.equal(roles.grant('nothing', 'ada'), null)

  const nobody = roles.grant('shop', '') as Grant
  t.equal(publishes(nobody, 'orders.a'), true)
  t.equal(nobody.access.publish?.allow.length, 1, 'what names the user is of none')
  t.equal(nobody.connectionsMax, 0, 'the anonymous are not counted')
  t.equal(roles.grant('', '')?.access, FULL_ACCESS)
  const full = roles.grant('', 'ada') as Grant
  t.same([full.access.publish, full.access.subscribe, full.access.user], [null, null, 'ada'])
})

t.test('a name of a user does not reach beyond its place', async (t) => {
  const roles = new Roles(configFrom('[[role]]\nname = "a"\npublish = ["u.{user}", "t-{user}-t.>"]\n'))
  for (const user of ['a@b', '$&', '$1', 'a+b', '{user}', '-']) {
    const { publish } = (roles.grant('a', user) as Grant).access
    t.same(publish?.allow, [`u.${user}`, `t-${user}-t.>`], user)
  }
})

t.test('another configuration keeps what has not changed', async (t) => {
  const before = new Roles(configFrom(TEXT))
  const after = new Roles(configFrom(TEXT.replace('["orders.*"]', '["orders.>"]')), before)
  t.equal(after.grant('plain', 'ada')?.access, before.grant('plain', 'ada')?.access)
  t.not(after.grant('shop', 'ada')?.access, before.grant('shop', 'ada')?.access)
})

t.test('what a token says of itself', async (t) => {
  const roles = new Roles(configFrom(TEXT))
  const alone = roles.grantTold(
    told({ publish: ['x.>', 'u.{user}'], publish_deny: ['x.y'], lane_min: 4, connections_max: 50 }),
    'ada',
  )
  t.equal(publishes(alone, 'x.z'), true)
  t.equal(publishes(alone, 'x.y'), false)
  t.equal(publishes(alone, 'u.ada'), true)
  t.equal(alone.access.subscribe?.permits('x.z'), false, 'what it does not name it may not')
  t.equal(alone.access.laneMin, 4)
  t.equal(alone.connectionsMax, 50)
  t.same(alone.rateLimits, { eventsPerSecond: 1000, bytesPerSecond: 0 })
  t.equal(
    roles.grantTold(told({ publish: ['x'] }), 'ada').access,
    roles.grantTold(told({ publish: ['x'] }), 'ada').access,
  )

  const less = roles.grantLess(
    'shop',
    told(
      { publish_deny: ['orders.eu.>'], lane_min: 1, events_per_second: 10, bytes_per_second: 99, connections_max: 100 },
      true,
    ),
    'ada',
  ) as Grant
  t.equal(publishes(less, 'orders.us.x'), true)
  t.equal(publishes(less, 'orders.eu.x'), false, 'beside a role it takes away')
  t.equal(publishes(less, 'orders.ada.secret'), false, 'what the role denies stays denied')
  t.equal(less.access.laneMin, 2, 'and gives nothing')
  t.same(less.rateLimits, { eventsPerSecond: 10, bytesPerSecond: 99 })
  t.equal(less.connectionsMax, 10)
  const more = roles.grantLess('shop', told({ events_per_second: 100_000 }, true), 'ada') as Grant
  t.equal(more.rateLimits?.eventsPerSecond, 500)
  t.equal(roles.grantLess('nothing', null, 'ada'), null)
  t.equal(roles.grantLess('', null, 'ada'), null, 'no name is not everything')

  for (const claim of [
    null,
    [],
    'all',
    { publish: 'a' },
    { publish: [1] },
    { publish: ['a.'] },
    { lane_min: 1.5 },
    { lane_min: '1' },
    { bytes_per_second: 1e300 },
    { admin: true },
    JSON.parse('{"__proto__":{}}'),
  ]) {
    t.type(readToldRole(claim, false), 'string', JSON.stringify(claim))
  }
  t.type(readToldRole({ subscribe: ['>'] }, true), 'string')
})
