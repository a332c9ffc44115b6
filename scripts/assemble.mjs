// Assembles the WebAssembly of the WebSocket ingress: src/ingress/node/ws/walk.wat to walk-wasm.ts, which is checked in. A test
// holds them together.
import { readFileSync, writeFileSync } from 'node:fs'
import wabt from 'wabt'

const FOLDER = new URL('../src/ingress/node/ws/', import.meta.url)

const { parseWat } = await wabt()
const module = parseWat('walk.wat', readFileSync(new URL('walk.wat', FOLDER), 'utf8'), { simd: true })
module.resolveNames()
module.validate()
const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64')
module.destroy()
const lines = base64.match(/.{1,110}/g).map((line) => `  '${line}',`)
writeFileSync(
  new URL('walk-wasm.ts', FOLDER),
  `/** walk.wat, assembled by scripts/assemble.mjs: base64. */\nexport const WALK_WASM = [\n${lines.join('\n')}\n].join('')\n`,
)
