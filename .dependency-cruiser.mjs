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
  // The page of the admin port, for browsers.
  dashboard: ['base', 'protocol', 'client', 'observe'],
  cli: ['base', 'protocol', 'config', 'client', 'observe', 'security', 'daemon'],
}

/** Package → the one place that knows it, as a pattern below src/. A package that is not here is imported nowhere. */
export const HOMES = {
  denque: 'core/',
  // Control frames are one side's business, payloads the other's: the daemon never unpacks those, but says things of its own.
  msgpackr: '(protocol|client|observe)/',
  ws: 'client/',
  zod: 'config/',
  'smol-toml': 'config/',
  'uWebSockets.js': 'ingress/uws/',
  'prom-client': 'observe/',
  'hdr-histogram-js': 'observe/',
  uplot: 'dashboard/',
  jose: 'security/',
  'node-unix-socket': 'daemon/',
  pino: 'daemon/',
  'pino-pretty': 'daemon/',
}

/** What runs in a browser, or must replay from a seed, knows nothing of Node, nor does anything that it imports. */
const NODELESS = '^src/(protocol|core|client|dashboard)/'
/** The client's own way into Node: its entry there, and what only that entry imports. */
const NODE_ENTRY = '^src/client/(index|node-[a-z0-9-]+)\\.ts$'
const NODE_MODULE = `^(node:)?(${builtinModules.join('|')})$`
/** Module of Node → the files of the client that know it, as a pattern. */
const NODE_IN_CLIENT = { net: 'node-(dial|http2-socket)', tls: 'node-(dial|http2-socket)', http2: 'node-http2-socket' }

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

const clientNodeRules = Object.entries(NODE_IN_CLIENT).map(([name, files]) => ({
  name: `client-${name}`,
  severity: 'error',
  from: { path: '^src/client/', pathNot: `^src/client/${files}\\.ts$` },
  to: { path: `^(node:)?${name}$` },
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
    {
      name: 'nodeless',
      severity: 'error',
      from: { path: NODELESS, pathNot: NODE_ENTRY },
      to: { path: NODE_MODULE, reachable: true },
    },
    ...clientNodeRules,
    {
      name: 'client-needs-no-more-of-node',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { path: NODE_MODULE, pathNot: `^(node:)?(${Object.keys(NODE_IN_CLIENT).join('|')})$` },
    },
    // Two types of one folder may know each other; two modules may not need each other to load. (Between folders the
    // floors forbid both.)
    {
      name: 'no-circle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    // uPlot is bundled into the page: who installs the package needs none of it.
    {
      name: 'no-dev-package',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-dev'], pathNot: '/(@types|uplot)/' },
    },
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
