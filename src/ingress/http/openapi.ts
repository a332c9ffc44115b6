import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../base/package.js'

/** The description of the API (OpenAPI 3.1), as it is served. */
export function readOpenApi(): string {
  return readFileSync(join(packageRoot(), 'docs', 'openapi.json'), 'utf8')
}
