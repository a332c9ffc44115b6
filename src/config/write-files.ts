import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderSchema, renderToml, SCHEMA_NAME, TOML_NAME } from './render.js'

/** `node dist/config/write-files.js [folder]` writes the two generated files; into config/ unless told otherwise. */
const folder = process.argv[2] ?? 'config'
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, TOML_NAME), renderToml())
writeFileSync(join(folder, SCHEMA_NAME), renderSchema())
