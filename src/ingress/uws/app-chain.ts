import type { TemplatedApp } from 'uWebSockets.js'

/** What the types of the package leave out: an app may hand each connection that it accepts to another one, made for apps in other threads. */
interface Accepting extends TemplatedApp {
  getDescriptor(): number
  addChildAppDescriptor(descriptor: number): void
  removeChildAppDescriptor(descriptor: number): void
}

/**
 * Apps behind one listening socket, which stays what it is: new connections go to the newest app, those of the older ones stay where they are. An app takes
 * 25 KiB and is not given back before the process ends: uWebSockets.js has no way to.
 */
export class AppChain {
  private readonly all: Accepting[]

  /** @param first listens */
  constructor(first: TemplatedApp) {
    this.all = [first as Accepting]
  }

  /** The app that listens. */
  get first(): TemplatedApp {
    return this.all[0]
  }

  /** New connections go to this one from now on. */
  add(next: TemplatedApp): void {
    const [first] = this.all
    const before = this.all[this.all.length - 1]
    if (before !== first) first.removeChildAppDescriptor(before.getDescriptor())
    this.all.push(next as Accepting)
    first.addChildAppDescriptor((next as Accepting).getDescriptor())
  }

  /** Cuts all connections of all of them, and stops listening. */
  close(): void {
    for (const app of this.all) app.close()
  }
}
