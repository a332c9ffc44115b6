// Assembles the WebAssembly: each of these becomes a module with its bytes, which is checked in. A test holds them together.
import { readFileSync, writeFileSync } from 'node:fs'
import wabt from 'wabt'

const PARTS = [
  { folder: 'core', name: 'follow' },
  { folder: 'ingress/node/ws', name: 'walk' },
]

const { parseWat } = await wabt()
for (const { folder, name } of PARTS) {
  const at = new URL(`../src/${folder}/`, import.meta.url)
  const module = parseWat(`${name}.wat`, readFileSync(new URL(`${name}.wat`, at), 'utf8'), { simd: true })
  module.resolveNames()
  module.validate()
  const base64 = Buffer.from(module.toBinary({}).buffer).toString('base64')
  module.destroy()
  const lines = base64.match(/.{1,110}/g).map((line) => `  '${line}',`)
  writeFileSync(
    new URL(`${name}-wasm.ts`, at),
    `/** ${name}.wat, assembled by scripts/assemble.mjs: base64. */\nexport const ${name.toUpperCase()}_WASM = [\n${lines.join('\n')}\n].join('')\n`,
  )
}
