import t from 'tap'
import { Announcer } from '../../src/dashboard/page/announcer.js'

/** A live region, and what was read from it. */
class Region {
  readonly said: string[] = []
  private text = ''
  get textContent(): string {
    return this.text
  }
  set textContent(text: string) {
    this.text = text
    this.said.push(text)
  }
}

function announcer(): { region: Region; announcer: Announcer } {
  const region = new Region()
  return { region, announcer: new Announcer(region as unknown as Node) }
}

t.test('how it is at the start is not told, a change that lasts is told once', async (t) => {
  const { region, announcer: told } = announcer()
  for (let ms = 0; ms < 20_000; ms += 1000) told.state('bottleneck', 'idle', `idle ${ms}`, ms)
  t.same(region.said, [])
  for (let ms = 20_000; ms < 60_000; ms += 1000) told.state('bottleneck', 'gc', `garbage ${ms}`, ms)
  t.same(region.said, ['garbage 24000'])
})

t.test('what flickers is not told', async (t) => {
  const { region, announcer: told } = announcer()
  for (let ms = 0; ms < 60_000; ms += 1000) told.state('bottleneck', ms % 2000 === 0 ? 'idle' : 'send', 'x', ms)
  t.same(region.said, [])
})

t.test('several changes come one after the other, with a pause', async (t) => {
  const { region, announcer: told } = announcer()
  const saidAt: number[] = []
  for (let ms = 0; ms < 40_000; ms += 1000) {
    const state = ms < 5000 ? 'ok' : 'page'
    told.state('slo a', state, `a ${state}`, ms)
    told.state('slo b', state, `b ${state}`, ms)
    if (region.said.length > saidAt.length) saidAt.push(ms)
  }
  t.same(region.said, ['a page', 'b page'])
  t.ok(saidAt[1] - saidAt[0] >= 8000)
})
