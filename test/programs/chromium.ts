import { type BrowserContext, chromium } from 'playwright-core'
import { CHROMIUM, CHROMIUM_ARGUMENTS, CHROMIUM_PATIENCE_MS } from '../helpers/chromium.js'

interface Teardown {
  teardown(run: () => unknown): void
}

/** A browser that takes any certificate, closed at the end of the test. */
export async function openBrowser(t: Teardown): Promise<BrowserContext> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: CHROMIUM_ARGUMENTS,
    timeout: CHROMIUM_PATIENCE_MS,
  })
  t.teardown(() => browser.close())
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  context.setDefaultTimeout(CHROMIUM_PATIENCE_MS)
  return context
}
