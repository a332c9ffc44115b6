// The floors of the house, as rules. `test/house/floors.test.ts` runs them; what each folder is for: docs/architecture.md.

import { builtinModules } from 'node:module'

/** Folder of src/ → folders of src/ it may import from, besides itself. */
export const FLOORS = {
  base: [],
  protocol: ['base'],
  config: ['base', 'protocol'],
  core: ['base', 'protocol'],
  client: ['base', 'protocol'],
  ingress: ['base', 'protocol', 'config', 'core'],
  delivery: ['base', 'protocol', 'config', 'core'],
  observe: ['base', 'protocol', 'config', 'core'],
  security: ['base', 'protocol', 'config', 'core'],
  cluster: ['base', 'protocol', 'config', 'core'],
  daemon: ['base', 'protocol', 'config', 'core', 'ingress', 'delivery', 'observe', 'security', 'cluster'],
  cli: ['base', 'protocol', 'config', 'client', 'daemon'],
}

/** Package → the one place that knows it, as a pattern below src/. A package that is not here is imported nowhere. */
export const HOMES = {
  denque: 'core/',
  // Control frames are one side's business, payloads the other's: the daemon never unpacks those.
  msgpackr: '(protocol|client)/',
  ws: 'client/',
  zod: 'config/',
  'smol-toml': 'config/',
  'uWebSockets.js': 'ingress/uws/',
  'prom-client': 'observe/',
  'hdr-histogram-js': 'observe/',
  pino: 'daemon/',
  'pino-pretty': 'daemon/',
}

/** What runs in a browser, or must replay from a seed, knows nothing of Node, nor does anything that it imports. */
const NODELESS = '^src/(protocol|core|client)/'
const NODE_MODULE = `^(node:)?(${builtinModules.join('|')})$`

const literal = (name) => name.replaceAll('.', '\\.')

const floorRules = Object.entries(FLOORS).map(([floor, below]) => ({
  name: `floor-${floor}`,
  severity: 'error',
  from: { path: `^src/${floor}/` },
  to: { path: '^src/', pathNot: `^src/(${[floor, ...below].join('|')})/` },
}))

const homeRules = Object.entries(HOMES).map(([name, home]) => ({
  name: `home-of-${name}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/${home}` },
  to: { path: `^node_modules/${literal(name)}/` },
}))

export default {
  forbidden: [
    ...floorRules,
    ...homeRules,
    {
      name: 'homeless-package',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: '^node_modules/',
        pathNot: `^node_modules/(@types|${Object.keys(HOMES).map(literal).join('|')})/`,
      },
    },
    { name: 'main-starts-the-cli', severity: 'error', from: { path: '^src/main\\.ts$' }, to: { pathNot: '^src/cli/' } },
    { name: 'nodeless', severity: 'error', from: { path: NODELESS }, to: { path: NODE_MODULE, reachable: true } },
    // Two types of one folder may know each other; two modules may not need each other to load. (Between folders the
    // floors forbid both.)
    {
      name: 'no-circle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-dev-package', severity: 'error', from: {}, to: { dependencyTypes: ['npm-dev'], pathNot: '/@types/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    tsConfig: { fileName: 'tsconfig.json' },
  },
}
