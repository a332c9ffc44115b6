import type { StatsHistory } from '../../observe/stats.js'
import { Admin } from '../admin.js'
import { urlOf } from '../bus.js'
import type { Context, Given } from '../command.js'
import { SECONDS_MAX } from './history.js'
import type { TopState } from './state.js'
import { statsOf } from './stats-shape.js'

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/

/**
 * What was before the first figures came: the daemon remembers an hour, and tells it on its admin port. That is asked where it is named, or where the daemon
 * is on this machine; where it does not answer, or is another daemon's, the past begins now.
 */
export async function recallEarlier(state: TopState, given: Given, context: Context): Promise<void> {
  const isNamed = given.options.has('admin') || context.env.SLUICE_ADMIN_URL !== undefined
  if (!isNamed && !LOOPBACK.test(new URL(urlOf(given, context.env)).hostname)) return
  try {
    const admin = new Admin(given, context)
    const stats = statsOf(await (await admin.get('/stats')).json())
    const ours = state.stats
    if (stats === null || ours === null || stats.server.pid !== ours.server.pid || stats.server.url !== ours.server.url)
      return
    const answer = await admin.get('/stats/history', { seconds: String(SECONDS_MAX), step: '1' })
    const { points } = (await answer.json()) as StatsHistory
    state.history.precede(points)
  } catch (error) {
    // What the operator has named is to be right; what was only tried need not be there.
    if (isNamed) throw error
  }
}
