import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { RunningSubject } from '../subjects/subject.js'
import { freePort, startServer } from './server.js'

/** Starts a server of the benchmark that is a Node script and takes its port as its argument. */
export async function startScript(core: number | null, script: URL): Promise<RunningSubject> {
  const port = await freePort()
  return startServer(core, process.execPath, port, [fileURLToPath(script), String(port)])
}

/** Of a package that is installed for development. */
export function versionOfPackage(name: string): { version: string } | { absent: string } {
  try {
    const manifest = createRequire(import.meta.url)(`${name}/package.json`) as { version: string }
    return { version: `${name} ${manifest.version}` }
  } catch {
    return { absent: `${name} is not installed (npm ci)` }
  }
}
