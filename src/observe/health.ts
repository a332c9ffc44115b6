import type { Phase } from './phase.js'

export interface HealthAnswer {
  ok: boolean
  body: { status: string; reason?: string }
}

/** Whether the process should be left alone (live) and whether it should be given clients (ready). */
export class Health {
  phase: Phase = 'starting'

  constructor(private readonly isOverloaded: () => boolean) {}

  live(): HealthAnswer {
    return { ok: true, body: { status: 'live' } }
  }

  ready(): HealthAnswer {
    if (this.phase !== 'ready') return { ok: false, body: { status: 'not ready', reason: this.phase } }
    if (this.isOverloaded()) {
      return { ok: false, body: { status: 'not ready', reason: 'overloaded: the memory budget is reached' } }
    }
    return { ok: true, body: { status: 'ready' } }
  }
}
