import { type Member, Roster } from '../../base/roster.js'

/** A request that is not answered in full. */
export interface OpenRequest extends Member {
  /** Clock milliseconds by which something must have happened; 0 has it set anew at the next tick. */
  deadline: number
  /** The deadline is over. */
  expire(): void
  /** The daemon stops. */
  stop(): void
}

/** All requests that are open, for what concerns them all. */
export class OpenRequests {
  private readonly open = new Roster<OpenRequest>()

  constructor(private readonly options: { readonly bodyTimeoutMs: number }) {}

  get size(): number {
    return this.open.size
  }

  add(request: OpenRequest): void {
    this.open.add(request)
  }

  /** @returns whether it was still there */
  delete(request: OpenRequest): boolean {
    return this.open.delete(request)
  }

  tick(now: number): void {
    this.open.each((request) => {
      if (request.deadline === 0) request.deadline = now + this.options.bodyTimeoutMs
      else if (now >= request.deadline) request.expire()
    })
  }

  close(): void {
    this.open.each((request) => request.stop())
  }
}
