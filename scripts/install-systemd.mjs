// Installs this checkout as a service of systemd.
//
//   sudo npm run install:systemd                   install, or bring up to date
//   npm run install:systemd -- --dry-run           say what would be done
//   sudo npm run install:systemd -- --uninstall    take it away again; configuration and state stay
//
// Nothing is downloaded: the packages that the daemon needs are copied from node_modules, where npm has checked them against
// the lock file. What was installed before is replaced in one rename; a configuration is never overwritten.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const { version, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

const PACKAGE = '/usr/lib/sluice'
const COMMAND = '/usr/local/bin/sluice'
const CONFIG = '/etc/sluice/sluice.toml'
const STATE = '/var/lib/sluice'
const USER = 'sluice'
/** From the package → where systemd looks. */
const SYSTEMD_FILES = {
  'systemd/sluice.service': '/usr/lib/systemd/system/sluice.service',
  'systemd/sysusers.d/sluice.conf': '/usr/lib/sysusers.d/sluice.conf',
  'systemd/tmpfiles.d/sluice.conf': '/usr/lib/tmpfiles.d/sluice.conf',
}
/** Where systemd looks for `node`, which the unit names without a path. */
const SEARCH_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin']
/** What the unit hides from the daemon. */
const HIDDEN = /^\/(home|root|run\/user|tmp|var\/tmp)\//
/** Lines of the configuration that are not at their default in an installation, since it is known here where state may be kept. */
const CONFIG_LINES = [
  ['#:schema ./sluice.schema.json', `#:schema ${PACKAGE}/config/sluice.schema.json`],
  ['state_file = ""', `state_file = "${STATE}/slo.json"`],
  ['revoked_file = ""', `revoked_file = "${STATE}/revoked"`],
  ['ticket_key_file = ""', `ticket_key_file = "${STATE}/ticket.key"`],
]
/** Types, and maps of sources that are not there. */
const FOR_DEVELOPMENT = /\.(map|[cm]?ts)$/
/** Binaries of uWebSockets.js, by system, processor and version of Node: a hundred megabytes for systems that this is not. */
const OTHER_BINARY = new RegExp(`^uws_(?!${process.platform}_${process.arch}_)\\w+\\.node$`)

const HELP = `usage: npm run install:systemd [-- OPTION…]

Installs sluice ${version} as a service of systemd:
  ${PACKAGE}    the package, with what it needs to run and nothing else
  ${COMMAND}    the command
  ${CONFIG}    the configuration, unless there is one
  sluice.service, and the user ${USER}

  --dry-run      say what would be done, and do nothing
  --uninstall    stop the service and take all of it away, but for ${dirname(CONFIG)}, ${STATE} and the user
  --root DIR     install into the file system of another machine below DIR; starts and reloads nothing
  --help         this
`

class Refusal extends Error {}

function options() {
  const { values } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      uninstall: { type: 'boolean', default: false },
      root: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  })
  return { ...values, dryRun: values['dry-run'], root: values.root.replace(/\/+$/, '') }
}

function run(command, args, cwd = ROOT) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  if (done.status === 0) return done.stdout
  const why = done.error?.message ?? (done.stderr.trim() || `it ended with ${done.status ?? done.signal}`)
  throw new Refusal(`${command} ${args.join(' ')}: ${why}`)
}

/** Refuses where the unit would not find a Node that can run this. */
function checkNode() {
  const found = SEARCH_PATH.map((folder) => join(folder, 'node')).find((path) => existsSync(path))
  const advice =
    'install Node with the packages of your system, or link it: ln -s /path/to/bin/node /usr/local/bin/node'
  if (found === undefined) throw new Refusal(`systemd finds no node in ${SEARCH_PATH.join(', ')}: ${advice}`)
  const real = realpathSync(found)
  if (HIDDEN.test(real)) throw new Refusal(`${found} is ${real}, which the sandbox of the service hides: ${advice}`)
  const has = run(found, ['--version']).trim()
  const least = Number(/\d+/.exec(engines.node)[0])
  if (Number(/\d+/.exec(has)[0]) < least)
    throw new Refusal(`${found} is Node ${has}, and ${least} is the least: ${advice}`)
}

/** Packages that are needed to run, as paths below the checkout: what npm says it has installed, without what is for development. */
function runtimePackages() {
  const list = join(ROOT, 'node_modules/.package-lock.json')
  if (!existsSync(list)) throw new Refusal('node_modules is missing: run npm ci first')
  return Object.entries(JSON.parse(readFileSync(list, 'utf8')).packages)
    .filter(([, { dev, devOptional }]) => !dev && !devOptional)
    .map(([path]) => path)
}

function isNeedless(name) {
  return name === 'node_modules' || FOR_DEVELOPMENT.test(name) || OTHER_BINARY.test(name)
}

/** Puts the package together in a folder of its own: what npm would publish, and the packages that it needs. */
function stage(folder) {
  run(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--if-needed'])
  const packed = mkdtempSync(join(tmpdir(), 'sluice-pack-'))
  try {
    run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', packed])
    mkdirSync(folder, { recursive: true })
    const archive = join(packed, `sluice-${version}.tgz`)
    run('tar', ['-xzf', archive, '-C', folder, '--strip-components=1', '--no-same-owner'])
  } finally {
    rmSync(packed, { recursive: true, force: true })
  }
  for (const path of runtimePackages()) {
    cpSync(join(ROOT, path), join(folder, path), {
      recursive: true,
      // A package within a package has a line of its own in the list.
      filter: (source) => !isNeedless(basename(source)),
    })
  }
  run('chmod', ['-R', 'u+rwX,go+rX,go-w', folder])
}

function replacePackage(target) {
  const fresh = `${target}.new`
  const old = `${target}.old`
  for (const leftover of [fresh, old]) rmSync(leftover, { recursive: true, force: true })
  stage(fresh)
  if (existsSync(target)) renameSync(target, old)
  renameSync(fresh, target)
  rmSync(old, { recursive: true, force: true })
}

function writeConfig(path) {
  let text = readFileSync(join(ROOT, 'config/sluice.toml'), 'utf8')
  for (const [line, instead] of CONFIG_LINES) {
    const lines = text.split('\n')
    if (lines.filter((each) => each === line).length !== 1)
      throw new Error(`config/sluice.toml has not one line ${line}`)
    text = lines.map((each) => (each === line ? instead : each)).join('\n')
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode: 0o640 })
}

function copyTo(source, target) {
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(join(ROOT, source), target)
  chmodSync(target, 0o644)
}

/** What stands at a path: null for nothing, the target of a link, or '' for anything else. */
function linkAt(path) {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return null
  return stat.isSymbolicLink() ? readlinkSync(path) : ''
}

const BIN = `${PACKAGE}/bin/sluice.js`

function linkCommand(path) {
  if (linkAt(path) !== null) return
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(BIN, path)
}

/** Each step is what is said of it, and what does it. */
function installSteps(at, isHere) {
  const steps = [[`put sluice ${version} into ${at(PACKAGE)}`, () => replacePackage(at(PACKAGE))]]
  const command = linkAt(at(COMMAND))
  if (command === null) steps.push([`link ${at(COMMAND)} to it`, () => linkCommand(at(COMMAND))])
  else if (command !== BIN) steps.push([`leave ${at(COMMAND)} alone: it is something else`, () => {}])
  if (existsSync(at(CONFIG))) steps.push([`leave ${at(CONFIG)} as it is`, () => {}])
  else steps.push([`write ${at(CONFIG)}: defaults, and state in ${STATE}`, () => writeConfig(at(CONFIG))])
  for (const [source, target] of Object.entries(SYSTEMD_FILES)) {
    steps.push([`write ${at(target)}`, () => copyTo(source, at(target))])
  }
  if (!isHere) return steps
  const [, sysusers, tmpfiles] = Object.values(SYSTEMD_FILES)
  return [
    ...steps,
    [`make the user ${USER}`, () => run('systemd-sysusers', [sysusers])],
    [`give ${dirname(CONFIG)} to root, for ${USER} to read`, () => run('systemd-tmpfiles', ['--create', tmpfiles])],
    ...systemdSteps(['daemon-reload', 'let systemd read its units again']),
  ]
}

function uninstallSteps(at, isHere) {
  const gone = [...Object.values(SYSTEMD_FILES), PACKAGE].filter((path) => existsSync(at(path)))
  const isInstalled = existsSync(at(SYSTEMD_FILES['systemd/sluice.service']))
  return [
    ...(isHere && isInstalled ? systemdSteps(['disable --now sluice', 'stop the service, and start it no more']) : []),
    ...(linkAt(at(COMMAND)) === BIN ? [[`remove ${at(COMMAND)}`, () => unlinkSync(at(COMMAND))]] : []),
    ...gone.map((path) => [`remove ${at(path)}`, () => rmSync(at(path), { recursive: true })]),
    ...(isHere && isInstalled ? systemdSteps(['daemon-reload', 'let systemd read its units again']) : []),
  ]
}

/** While an image is being made, or in a container without systemd, there is nobody to talk to. */
function systemdSteps([command, says]) {
  if (!existsSync('/run/systemd/system')) return [[`${says}: not now, systemd does not run here`, () => {}]]
  return [[`${says}: systemctl ${command}`, () => run('systemctl', command.split(' '))]]
}

function isActive() {
  return spawnSync('systemctl', ['is-active', '--quiet', 'sluice']).status === 0
}

function nextSteps() {
  if (isActive()) return ['next: systemctl restart sluice, for what runs is still the one from before']
  return [
    'next:',
    `  sudoedit ${CONFIG}          what is not at its default; then: sudo sluice check ${CONFIG}`,
    '  sudo systemctl enable --now sluice          returns when it listens',
    '  systemctl status sluice; journalctl -u sluice -f',
  ]
}

function main() {
  const { dryRun, uninstall, root, help } = options()
  const say = (line) => process.stdout.write(`${line}\n`)
  if (help) return say(HELP)
  const at = (path) => `${root}${path}`
  const isHere = root === ''
  if (isHere && !dryRun && process.getuid?.() !== 0) throw new Refusal('this needs root: sudo npm run install:systemd')
  if (isHere && !uninstall) checkNode()
  const steps = uninstall ? uninstallSteps(at, isHere) : installSteps(at, isHere)
  if (steps.length === 0) say('nothing is installed')
  for (const [says, act] of steps) {
    say(`${dryRun ? 'would ' : ''}${says}`)
    if (!dryRun) act()
  }
  if (dryRun || !isHere) return
  if (uninstall) say(`${dirname(CONFIG)}, ${STATE} and the user ${USER} are still there`)
  else for (const line of nextSteps()) say(line)
}

try {
  main()
} catch (error) {
  const isUsage = String(error?.code).startsWith('ERR_PARSE_ARGS')
  if (!isUsage && !(error instanceof Refusal)) throw error
  process.stderr.write(`install-systemd: ${error.message}\n${isUsage ? `\n${HELP}` : ''}`)
  process.exitCode = isUsage ? 2 : 1
}
