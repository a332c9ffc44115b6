/** What is posted: JSON. */
export interface Notice {
  /** For the log, when it could not be delivered. */
  readonly about: string
  readonly body: string
}

/** Notices that wait while the receiver does not answer; the oldest goes first when there are more. */
const WAITING_MAX = 64
const TIMEOUT_MS = 5000
const BACKOFF_FIRST_MS = 1000
const BACKOFF_MAX_MS = 60_000
/** About ten minutes of trying. */
const ATTEMPTS_MAX = 15
/** Worth another attempt: too early, too many, or something that passes. */
const AGAIN = new Set([408, 425, 429])

export interface WebhookHost {
  readonly log: (level: 'info' | 'warn', sentence: string, fields?: Readonly<Record<string, unknown>>) => void
  /** Resolves after so long, or as soon as the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Posts notices to a URL, one after the other and in their order, with patience: who is to be woken is often not reachable just then. */
export class Webhook {
  private readonly waiting: Notice[] = []
  private readonly closing = new AbortController()
  private working: Promise<void> | null = null
  /** How often a notice was delivered, and given up. */
  delivered = 0
  failed = 0

  constructor(
    public url: string,
    private readonly host: WebhookHost,
  ) {}

  send(notice: Notice): void {
    if (this.closing.signal.aborted) return
    if (this.waiting.length === WAITING_MAX) this.giveUp(this.waiting.shift() as Notice, 'too many wait')
    this.waiting.push(notice)
    this.working ??= this.work().finally(() => {
      this.working = null
    })
  }

  private async work(): Promise<void> {
    for (let notice = this.waiting.shift(); notice !== undefined; notice = this.waiting.shift()) {
      const problem = await this.deliver(notice)
      if (problem === null) this.delivered++
      else this.giveUp(notice, problem)
    }
  }

  /** @returns why not, or null */
  private async deliver({ body }: Notice): Promise<string | null> {
    const { signal } = this.closing
    for (
      let attempt = 1, backoffMs = BACKOFF_FIRST_MS;
      ;
      attempt++, backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS)
    ) {
      const { problem, again } = await this.post(body)
      if (problem === null || !again || attempt === ATTEMPTS_MAX || signal.aborted) return problem
      await this.host.sleep(backoffMs, signal)
      if (signal.aborted) return problem
    }
  }

  private async post(body: string): Promise<{ problem: string | null; again: boolean }> {
    try {
      const answer = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.any([this.closing.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      await answer.body?.cancel()
      if (answer.ok) return { problem: null, again: false }
      return { problem: `status ${answer.status}`, again: answer.status >= 500 || AGAIN.has(answer.status) }
    } catch (error) {
      return { problem: causeOf(error), again: true }
    }
  }

  /** The URL is not told: it often holds a secret. */
  private giveUp({ about }: Notice, problem: string): void {
    this.failed++
    this.host.log('warn', 'the webhook was not told', { about, problem })
  }

  /** What is not delivered yet is given up. */
  async close(): Promise<void> {
    this.closing.abort()
    await this.working
  }
}

function causeOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? message
}
