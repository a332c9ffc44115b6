import { type FSWatcher, lstatSync, readlinkSync, stat, watch } from 'node:fs'
import { dirname, isAbsolute, join, parse, resolve, sep } from 'node:path'

/** What comes within this of a first sign belongs to the same change. */
const SETTLE_MS = 100
/** Looked at so often in any case: not every file system tells what happens on it. */
const LOOK_INTERVAL_MS = 60_000
/** As many links as Linux follows. */
const LINKS_MAX = 40

/**
 * Tells when files may have changed, be it in place, by rename, or because one of the links on their way leads somewhere else (as in
 * Kubernetes' volumes and in certbot's folders). Never keeps the process alive.
 */
export class FileWatch {
  private watchers: FSWatcher[] = []
  private folders = ''
  private stamps = ''
  private settling: NodeJS.Timeout | null = null
  private readonly looking: NodeJS.Timeout
  private isClosed = false

  constructor(
    private readonly paths: readonly string[],
    private readonly changed: () => void,
  ) {
    this.arm()
    void this.look()
    this.looking = setInterval(() => void this.look(), LOOK_INTERVAL_MS).unref()
  }

  close(): void {
    this.isClosed = true
    clearInterval(this.looking)
    if (this.settling !== null) clearTimeout(this.settling)
    this.disarm()
  }

  /** Compares what is there with what was. The first time anything may have changed since somebody read it. */
  private async look(): Promise<void> {
    const stamps = (await Promise.all(this.paths.map(stampOf))).join(' ')
    if (this.isClosed) return
    this.arm()
    const before = this.stamps
    this.stamps = stamps
    if (before !== stamps) this.changed()
  }

  private noteEvent = (): void => {
    this.settling ??= setTimeout(() => {
      this.settling = null
      void this.look()
    }, SETTLE_MS).unref()
  }

  /** Watches the folders on the way to the files as the way is now. */
  private arm(): void {
    const folders = [...new Set(this.paths.flatMap(foldersOnTheWay))]
    // A folder that was replaced by another of its name needs a new watcher, so its number counts.
    const marks = folders.map((folder) => `${folder}:${inodeOf(folder)}`).join('\n')
    if (marks === this.folders) return
    this.disarm()
    this.folders = marks
    for (const folder of folders) {
      try {
        const watcher = watch(folder, { persistent: false }, this.noteEvent)
        // Out of watches, or the folder went away: then the regular look finds out.
        watcher.on('error', () => watcher.close())
        this.watchers.push(watcher)
      } catch {
        this.folders = ''
      }
    }
  }

  private disarm(): void {
    for (const watcher of this.watchers) watcher.close()
    this.watchers = []
    this.folders = ''
  }
}

function inodeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.ino ?? 0
}

/** Two looks at a file that was not touched give the same. */
function stampOf(path: string): Promise<string> {
  return new Promise((resolve) =>
    stat(path, { bigint: true }, (error, { dev, ino, size, mtimeNs, ctimeNs } = {} as never) =>
      resolve(error === null ? `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}` : `${error.code}`),
    ),
  )
}

/** The folder a file is in, and those of all links that lead there. */
export function foldersOnTheWay(path: string): string[] {
  const folders = new Set<string>()
  let links = 0
  const walk = (absolute: string): string => {
    const { root } = parse(absolute)
    let here = root
    for (const name of absolute.slice(root.length).split(sep)) {
      const next = join(here, name)
      const target = links < LINKS_MAX ? linkAt(next) : null
      if (target === null) {
        here = next
        continue
      }
      links++
      folders.add(here)
      here = walk(isAbsolute(target) ? target : join(here, target))
    }
    return here
  }
  folders.add(dirname(walk(resolve(path))))
  return [...folders]
}

function linkAt(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null
  } catch {
    return null
  }
}
