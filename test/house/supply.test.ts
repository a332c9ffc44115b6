// What an installation is made of: known packages, under known licenses, that run nothing while they are installed.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { ROOT, textOf } from './files.js'

interface Locked {
  readonly name?: string
  readonly version: string
  readonly license?: string
  readonly dev?: boolean
  readonly os?: readonly string[]
  readonly hasInstallScript?: boolean
}

/** All of them ask for no more than that their text goes with a copy. */
const LICENSES = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Zlib'])
/** A development dependency that is bundled into the dashboard. */
const BUNDLED = 'node_modules/uplot'

const manifest = JSON.parse(textOf('package.json')) as {
  dependencies: Record<string, string>
  allowScripts: Record<string, boolean>
}
const { packages } = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, Locked> }
const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && (!dev || path === BUNDLED))
const nameAt = (path: string): string => path.replace(/^.*node_modules\//, '')

/** Every license of an expression such as "(MIT AND Zlib)"; of a choice, whether one can be taken is for somebody to look at. */
function termsOf(license: string): string[] {
  return license.replaceAll(/[()]/g, '').split(/ AND /)
}

t.test('what ships is under licenses that allow it', async (t) => {
  t.ok(shipped.length > 20)
  const strange = shipped.filter(([path, { license, os }]) => {
    if (license !== undefined) return !termsOf(license).every((term) => LICENSES.has(term))
    // Another platform's binary, of which the lock file knows the name only: it is licensed as the package that asks for it.
    const family = Object.entries(packages).find(
      ([, entry]) => nameAt(path) in ((entry as { optionalDependencies?: object }).optionalDependencies ?? {}),
    )
    return os === undefined || !LICENSES.has(family?.[1].license ?? '')
  })
  t.same(strange, [])
})

t.test('each package that is asked for is told with its reason', async (t) => {
  const table =
    textOf('SECURITY.md')
      .split(/^## /m)
      .find((section) => section.startsWith('Supply chain')) ?? ''
  const told = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1])
  t.same(told.sort(), Object.keys(manifest.dependencies).sort())
})

t.test('no script of a package runs while it is installed', async (t) => {
  const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true)
  t.ok(scripted.length > 0)
  t.same(
    scripted.map(([path]) => nameAt(path)).filter((name) => manifest.allowScripts[name] !== false),
    [],
  )
})

t.test('the bill of materials lists what ships, and nothing else', async (t) => {
  await promisify(execFile)(process.execPath, ['scripts/sbom.mjs'], { cwd: ROOT })
  const expected = [...new Set(shipped.map(([path, { name, version }]) => `${name ?? nameAt(path)}@${version}`))].sort()

  const cyclonedx = JSON.parse(textOf('sbom/sluice.cdx.json'))
  t.match(cyclonedx, { bomFormat: 'CycloneDX', specVersion: /^1\.\d$/, serialNumber: /^urn:uuid:[0-9a-f-]{36}$/ })
  t.match(cyclonedx.metadata, { component: { name: 'sluice', type: 'application' }, timestamp: /^\d{4}-/ })
  const components = cyclonedx.components as { 'bom-ref': string; purl: string; hashes?: unknown[] }[]
  t.same(components.map((each) => each['bom-ref']).sort(), expected)
  t.ok(components.every(({ purl }) => /^pkg:npm\/\S+@\S+$/.test(purl)))
  const refs = new Set([...expected, cyclonedx.metadata.component['bom-ref']])
  const edges = (cyclonedx.dependencies as { ref: string; dependsOn: string[] }[]).flatMap((each) => [
    each.ref,
    ...each.dependsOn,
  ])
  t.same(
    edges.filter((ref) => !refs.has(ref)),
    [],
  )

  const spdx = JSON.parse(textOf('sbom/sluice.spdx.json'))
  t.match(spdx, { spdxVersion: /^SPDX-2\.\d$/, dataLicense: 'CC0-1.0', SPDXID: 'SPDXRef-DOCUMENT' })
  const listed = spdx.packages as { SPDXID: string; packageFileName: string; licenseDeclared: string }[]
  t.same(listed.map(({ packageFileName }) => packageFileName).sort(), ['', ...shipped.map(([path]) => path)].sort())
  const ids = new Set([spdx.SPDXID, ...listed.map(({ SPDXID }) => SPDXID)])
  const ends = (spdx.relationships as { spdxElementId: string; relatedSpdxElement: string }[]).flatMap((each) => [
    each.spdxElementId,
    each.relatedSpdxElement,
  ])
  t.same(
    ends.filter((id) => !ids.has(id)),
    [],
  )
  t.notMatch(textOf('sbom/sluice.cdx.json') + textOf('sbom/sluice.spdx.json'), ROOT)
})
