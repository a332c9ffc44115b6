import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DgramSocket } from 'node-unix-socket'

interface Teardown {
  teardown(run: () => unknown): void
}

/** What systemd would have heard: a datagram socket at a path, or in the abstract namespace for a name that begins with `@`. */
export class NotifyListener {
  /** Datagrams, as lists of assignments. */
  readonly heard: string[][] = []
  private readonly socket = new DgramSocket()

  private constructor(readonly address: string) {
    this.socket.bind(address.replace(/^@/, '\0'))
    this.socket.on('data', (data: Buffer) => this.heard.push(data.toString().split('\n')))
  }

  static atPath(t: Teardown): NotifyListener {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-notify-'))
    const listener = new NotifyListener(join(folder, 'notify'))
    t.teardown(() => {
      listener.socket.close()
      rmSync(folder, { recursive: true, force: true })
    })
    return listener
  }

  static abstract(t: Teardown): NotifyListener {
    const listener = new NotifyListener(`@sluice-test-${process.pid}`)
    t.teardown(() => listener.socket.close())
    return listener
  }

  /** Datagrams that have this assignment. */
  having(assignment: string): string[][] {
    return this.heard.filter((datagram) => datagram.includes(assignment))
  }

  /** The status that was told last; empty before the first. */
  get status(): string {
    const statuses = this.heard.flat().filter((assignment) => assignment.startsWith('STATUS='))
    return (statuses.at(-1) ?? '').slice('STATUS='.length)
  }
}
