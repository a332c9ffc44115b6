/** Fetches a page of the daemon's admin port again and again, as Prometheus does: on time, whether or not the answer before has come. */
export class Scraper {
  private readonly timer: NodeJS.Timeout
  private readonly underWay = new Set<Promise<void>>()
  private answered = 0
  private failure: Error | null = null

  constructor(url: string, everyMs: number) {
    this.timer = setInterval(() => this.fetch(url), everyMs)
  }

  /** Resolves when the last answer is here; rejects when there was none at all, or one that was no answer. */
  async stop(): Promise<void> {
    clearInterval(this.timer)
    await Promise.all(this.underWay)
    if (this.failure !== null) throw this.failure
    if (this.answered === 0) throw new Error('nothing was scraped')
  }

  private fetch(url: string): void {
    const scrape = fetch(url)
      .then(async (response) => {
        const text = await response.text()
        if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`)
        this.answered++
      })
      .catch((error: Error) => {
        this.failure = error
      })
      .finally(() => this.underWay.delete(scrape))
    this.underWay.add(scrape)
  }
}
