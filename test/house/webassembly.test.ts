import { readFileSync } from 'node:fs'
import t from 'tap'
import wabt from 'wabt'
import { FOLLOW_WASM } from '../../src/core/follow-wasm.js'
import { WALK_WASM } from '../../src/ingress/node/ws/walk-wasm.js'
import { repositoryPath } from '../helpers/repository.js'

const CHECKED_IN = { 'core/follow.wat': FOLLOW_WASM, 'ingress/node/ws/walk.wat': WALK_WASM }

for (const [path, bytes] of Object.entries(CHECKED_IN)) {
  t.test(`the WebAssembly that is checked in is what ${path} says`, async (t) => {
    const { parseWat } = await wabt()
    const module = parseWat(path, readFileSync(repositoryPath(`src/${path}`), 'utf8'), { simd: true })
    module.resolveNames()
    module.validate()
    t.equal(Buffer.from(module.toBinary({}).buffer).toString('base64'), bytes, 'node scripts/assemble.mjs makes it')
  })
}
