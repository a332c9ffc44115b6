#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = new URL('../dist/main.js', import.meta.url)
const builder = fileURLToPath(new URL('../scripts/build.mjs', import.meta.url))

// A checkout has the builder and may lack the build; an installed package is the other way round.
if (!existsSync(main) && existsSync(builder)) {
  process.stderr.write('sluice: not built yet, building first (once)\n')
  spawnSync(process.execPath, [builder], { stdio: ['ignore', 2, 2] })
}

if (existsSync(main)) {
  await import(main.href)
} else {
  process.stderr.write('sluice: dist/main.js is missing; run npm ci in the checkout, or install the package again\n')
  process.exitCode = 1
}
