import { existsSync } from 'node:fs'
import { type BrowserContext, chromium } from 'playwright-core'

interface Teardown {
  teardown(run: () => unknown): void
}

const PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
/** A browser's start on a busy machine takes seconds. */
export const PATIENCE_MS = 60_000
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** For `skip` of a test. */
export const noChromium = !existsSync(PATH) && `no Chromium at ${PATH}: install one, or name it in CHROMIUM_PATH`

/** A browser that takes any certificate, closed at the end of the test. */
export async function openBrowser(t: Teardown): Promise<BrowserContext> {
  const browser = await chromium.launch({ executablePath: PATH, args: ARGUMENTS, timeout: PATIENCE_MS })
  t.teardown(() => browser.close())
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  context.setDefaultTimeout(PATIENCE_MS)
  return context
}
