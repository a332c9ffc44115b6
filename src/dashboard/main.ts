import { connect } from '../client/browser.js'
import { Feed } from './feed/feed.js'
import { Page } from './page/page.js'

const page = new Page()

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
