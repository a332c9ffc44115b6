import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
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
  let entry: string
  try {
    entry = import.meta.resolve(name)
  } catch {
    return { absent: `${name} is not installed (npm ci)` }
  }
  // Its manifest is above its entry, whether or not it is exported; nearer ones only tell the kind of module.
  for (let folder = new URL('.', entry); ; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder)
    if (!existsSync(file)) continue
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: string }
    if (version !== undefined) return { version: `${name} ${version}` }
  }
}

/** The same of a package with a native binary, which has to be there for this Node. */
export function versionOfNative(name: string): { version: string } | { absent: string } {
  const probed = versionOfPackage(name)
  if ('absent' in probed) return probed
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', `import '${name}'`], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  })
  return status === 0 ? probed : { absent: `${name} has no binary for Node ${process.versions.node}` }
}
