import { existsSync } from 'node:fs'

/** Debian's, unless another one is named. */
export const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

/** For `skip` of a test. */
export const noChromium =
  !existsSync(CHROMIUM) && `no Chromium at ${CHROMIUM}: install one, or name it in CHROMIUM_PATH`

/** A browser's start on a busy machine takes seconds. */
export const CHROMIUM_PATIENCE_MS = 60_000

/** A browser that asks nothing of the world. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
