import { connect } from '../client/browser.js'
import { Feed } from './feed/feed.js'
import { Page } from './page/page.js'

const KICK_TIMEOUT_MS = 5000

const page = new Page(async (session) => {
  const response = await fetch(`connections/${session}/kick`, {
    method: 'POST',
    signal: AbortSignal.timeout(KICK_TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(await reasonOf(response))
})

/** What the admin port says of why not (RFC 9457), or else the status. */
async function reasonOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => null)) as { detail?: unknown } | null
  return typeof problem?.detail === 'string' ? problem.detail : `the daemon answered ${response.status}`
}

new Feed(
  {
    async fetchJson(path, timeoutMs) {
      const response = await fetch(path, { signal: AbortSignal.timeout(timeoutMs), cache: 'no-store' })
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      return response.json()
    },
    connect,
    now: () => performance.now(),
    every(ms, run) {
      const timer = setInterval(run, ms)
      return () => clearInterval(timer)
    },
    isSecure: location.protocol === 'https:',
  },
  page,
)
