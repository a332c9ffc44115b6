import t from 'tap'
import { accountIn, sumOf, unaccounted } from '../../bench/generator/account.js'
import type { Tally } from '../../bench/generator/job.js'
import { accountText } from '../../bench/report/outcome.js'

const PAGE = `# TYPE sluice_events_accepted_total counter
sluice_events_accepted_total 100
sluice_deliveries_due_total 200
sluice_deliveries_total 150
sluice_deliveries_dropped_total{reason="drop-oldest"} 40
sluice_deliveries_dropped_total{reason="drop-newest"} 0
sluice_deliveries_dropped_total{reason="memory"} 7
sluice_deliveries_pending 3
`

const TALLY: Tally = {
  published: 100,
  expected: 200,
  delivered: 150,
  lost: 0,
  missed: 47,
  doubled: 0,
  reordered: 0,
  notices: 2,
}

t.test('an account is read from the metrics, and adds up', async (t) => {
  const account = accountIn(PAGE)
  t.same(account.dropped, { 'drop-oldest': 40, memory: 7 })
  t.equal(sumOf(account.dropped), 47)
  t.equal(unaccounted(account), 0)
  t.equal(unaccounted({ ...account, delivered: 149 }), 1)
  t.throws(() => accountIn('nothing 1'), /no sluice_events_accepted_total/)
})

t.test('it has to be what was published, received and told here', async (t) => {
  const account = accountIn(PAGE)
  t.match(accountText(account, [TALLY]), /100 accepted, 200 due = 150 delivered \+ 47 dropped .* \+ 3 pending/)
  t.throws(() => accountText(account, [{ ...TALLY, published: 99 }]), /accepted less published: 1$/)
  t.throws(() => accountText(account, [{ ...TALLY, delivered: 151 }]), /delivered less received: -1$/)
  t.throws(() => accountText(account, [{ ...TALLY, missed: 46 }]), /dropped less told: 1$/)
  t.throws(() => accountText({ ...account, due: 201 }, [TALLY]), /due less delivered, dropped and pending: 1$/)
})
