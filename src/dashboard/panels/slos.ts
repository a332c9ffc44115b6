import { BURN_WINDOWS, type SloStats } from '../../observe/stats.js'
import { find, make, Rows, setAttribute, setHidden, setShare, setText } from '../dom.js'
import { LIST_MAX } from '../feed/read-stats.js'
import { achieved, count, latency, objective, percent } from '../format.js'
import type { Moment, Panel } from './panel.js'

/** Burn rates that the SRE workbook wakes somebody for, and that it has somebody look at in the morning. */
const BURN_PAGE = 6
const BURN_TICKET = 1

const STATE_NAMES = { ok: 'holds', ticket: 'at risk', page: 'breached' } as const

/** Objectives with what is left of their error budgets. */
export class SlosPanel implements Panel {
  private readonly empty = find('#slos-empty', HTMLElement)
  private readonly rows = new Rows<SloStats>(find('#slo-list', HTMLElement), makeSlo, LIST_MAX)

  update({ stats: { slos } }: Moment): void {
    setHidden(this.empty, slos.length > 0)
    this.rows.update(slos)
  }
}

/** A sentence for who hears it. */
export function sloSentence({ name, state, budgetLeft }: SloStats): string {
  return `Objective ${name} ${STATE_NAMES[state]}; ${percent(budgetLeft)} of its budget left.`
}

function makeSlo() {
  const name = make('b', { class: 'foreign' })
  const state = make('span', { class: 'badge' })
  const promise = make('p', { class: 'muted foreign' })
  const meter = make('div', { class: 'meter', 'aria-hidden': 'true' })
  const budget = make('p', { class: 'muted' })
  const burns = BURN_WINDOWS.map((window) => {
    const value = make('dd')
    return { window, value, box: make('div', {}, make('dt', {}, `burn ${window}`), value) }
  })
  const element = make(
    'li',
    { class: 'slo' },
    make('div', { class: 'slo-head' }, name, state),
    promise,
    meter,
    budget,
    make('dl', { class: 'burns' }, ...burns.map(({ box }) => box)),
  )
  return {
    element,
    update: (slo: SloStats) => {
      setAttribute(element, 'data-state', slo.state)
      setText(name, slo.name)
      setText(state, STATE_NAMES[slo.state])
      setAttribute(state, 'data-kind', slo.state)
      setText(
        promise,
        `${objective(slo.objective)} of ${slo.topics} through ${slo.stage} within ${latency(slo.thresholdMs)}, over ${count(slo.windowDays)} days`,
      )
      setShare(meter, slo.budgetLeft)
      const share = slo.total > 0 ? ` · ${achieved(slo.good / slo.total)} of ${count(slo.total)} in time` : ''
      setText(
        budget,
        slo.budgetLeft >= 0
          ? `${percent(slo.budgetLeft)} of the error budget left${share}`
          : `the error budget is overspent by ${percent(-slo.budgetLeft)}${share}`,
      )
      for (const { window, value, box } of burns) {
        const burn = slo.burn[window]
        setText(value, `${count(burn)}×`)
        setAttribute(box, 'data-tone', burn >= BURN_PAGE ? 'bad' : burn > BURN_TICKET ? 'warn' : 'plain')
      }
    },
  }
}
