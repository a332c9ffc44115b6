// Writes what is in a production installation, by the lock file: sbom/sluice.cdx.json (CycloneDX) and sbom/sluice.spdx.json (SPDX).
//
//   node scripts/sbom.mjs
//
// It is made when a package or an image is, not checked in: it says nothing that the lock file does not, and a copy would be wrong one day.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(ROOT, 'sbom')
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024
/** Development dependencies that ship all the same, bundled into a page: the lock file does not know. */
const BUNDLED = ['node_modules/uplot']

const { name, packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
/** What is installed for production, by path. `npm sbom --omit=dev` is not asked: it leaves out what a development dependency needs too. */
const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && (!dev || BUNDLED.includes(path)))

const FORMATS = {
  cyclonedx: {
    file: 'sluice.cdx.json',
    reduce(bom) {
      const { component } = bom.metadata
      const root = component['bom-ref']
      const refs = new Set(shipped.map(([path, { name, version }]) => `${name ?? nameAt(path)}@${version}`))
      const bundled = BUNDLED.map((path) => `${nameAt(path)}@${packages[path].version}`)
      const components = bom.components.filter((each) => refs.has(each['bom-ref']))
      assertSameSize(components, refs)
      return {
        ...bom,
        // npm knows the type and the name of the whole only from the folder that it lies in.
        metadata: { ...bom.metadata, component: { ...component, name, type: 'application' } },
        components: components.map((each) => (bundled.includes(each['bom-ref']) ? { ...each, properties: [] } : each)),
        dependencies: bom.dependencies
          .filter(({ ref }) => ref === root || refs.has(ref))
          .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) })),
      }
    },
  },
  spdx: {
    file: 'sluice.spdx.json',
    reduce(bom) {
      const paths = new Set(shipped.map(([path]) => path))
      const found = bom.packages.filter(({ packageFileName }) => paths.has(packageFileName))
      assertSameSize(found, paths)
      const ids = new Set([...found.map(({ SPDXID }) => SPDXID), ...bom.documentDescribes, bom.SPDXID])
      return {
        ...bom,
        packages: bom.packages.filter(({ SPDXID }) => ids.has(SPDXID)),
        relationships: bom.relationships.filter(
          (each) => ids.has(each.spdxElementId) && ids.has(each.relatedSpdxElement),
        ),
      }
    },
  },
}

function nameAt(path) {
  return path.replace(/^.*node_modules\//, '')
}

function assertSameSize(found, { size }) {
  if (found.length !== size) throw new Error(`npm lists ${found.length} of the ${size} packages that are shipped`)
}

function everything(format) {
  const words = ['sbom', '--package-lock-only', `--sbom-format=${format}`]
  // The shell finds npm.cmd on Windows.
  const { status, stdout, stderr } = spawnSync('npm', words, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`npm ${words.join(' ')} failed: ${stderr}`)
  return JSON.parse(stdout)
}

mkdirSync(FOLDER, { recursive: true })
for (const [format, { file, reduce }] of Object.entries(FORMATS)) {
  writeFileSync(join(FOLDER, file), `${JSON.stringify(reduce(everything(format)), null, 2)}\n`)
  process.stderr.write(`sluice: sbom/${file}\n`)
}
