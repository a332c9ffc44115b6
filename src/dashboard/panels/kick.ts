import type { SlowSubscriber } from '../../observe/sample.js'
import { find, setHidden, setText } from '../dom.js'

export function nameOf({ name }: SlowSubscriber): string {
  return name === '' ? '(no name)' : name
}

/** Asks before it ends somebody's connection: figures move under the reader's hand, and the one meant may be in another row by now. */
export class KickDialog {
  private readonly dialog = find('#kick', HTMLDialogElement)
  private readonly who = find('#kick-who', HTMLElement)
  private readonly failed = find('#kick-failed', HTMLElement)
  private readonly confirm = find('#kick-confirm', HTMLButtonElement)
  private session = 0

  /** @param kick ends the session of that number; rejects with why it did not */
  constructor(private readonly kick: (session: number) => Promise<void>) {
    find('#kick-cancel', HTMLButtonElement).addEventListener('click', () => this.dialog.close())
    this.confirm.addEventListener('click', () => void this.end())
  }

  ask(subscriber: SlowSubscriber): void {
    this.session = subscriber.session
    setText(this.who, `${nameOf(subscriber)}, session ${subscriber.session}, ${subscriber.address}`)
    setHidden(this.failed, true)
    this.confirm.disabled = false
    this.dialog.showModal()
  }

  private async end(): Promise<void> {
    this.confirm.disabled = true
    try {
      await this.kick(this.session)
      this.dialog.close()
    } catch (error) {
      setText(this.failed, error instanceof Error ? error.message : String(error))
      setHidden(this.failed, false)
      this.confirm.disabled = false
    }
  }
}
