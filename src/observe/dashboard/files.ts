import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { packageRoot } from '../../base/package.js'
import { type AdminAnswer, AdminProblem, type AdminRequest } from '../thread/routes.js'

const compress = promisify(gzip)

/** Where the build puts them. */
const FOLDER = ['dist', 'dashboard']

interface File {
  readonly type: string
  readonly plain: Buffer
  readonly gzipped: Buffer
  readonly tag: string
}

/** The files of the page, read from the package when they are first asked for. */
export class PageFiles {
  private readonly read = new Map<string, Promise<File>>()

  constructor(private readonly folder: string = join(packageRoot(), ...FOLDER)) {}

  /** The file as it is, compressed, or not at all if the browser has it. Throws AdminProblem when it was never built. */
  async answer(name: string, type: string, headers: AdminRequest['headers']): Promise<AdminAnswer> {
    let reading = this.read.get(name)
    if (reading === undefined) {
      reading = this.load(name, type)
      this.read.set(name, reading)
      // Whoever comes after a build finds it.
      reading.catch(() => this.read.delete(name))
    }
    const file = await reading
    const common = { 'cache-control': 'no-cache', etag: file.tag, vary: 'accept-encoding' }
    if (headers['if-none-match'] === file.tag) return { status: 304, type, body: '', headers: common }
    const isGzipped = String(headers['accept-encoding'] ?? '').includes('gzip')
    if (!isGzipped) return { status: 200, type, body: file.plain, headers: common }
    return { status: 200, type, body: file.gzipped, headers: { ...common, 'content-encoding': 'gzip' } }
  }

  private async load(name: string, type: string): Promise<File> {
    const plain = await readFile(join(this.folder, name)).catch(() => {
      throw new AdminProblem(503, 'the dashboard was not built with this package: npm run build makes it')
    })
    const tag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
    return { type, plain, gzipped: (await compress(plain)) as Buffer, tag }
  }
}
