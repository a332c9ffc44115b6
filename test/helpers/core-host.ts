import type { RouterHost } from '../../src/core/host.js'

/** A clock that stands still and turns that wait until they are run. */
export class ManualHost implements RouterHost {
  ms = 1
  private turns: (() => void)[] = []

  now(): number {
    return this.ms
  }

  schedule(turn: () => void): void {
    this.turns.push(turn)
  }

  get hasTurns(): boolean {
    return this.turns.length > 0
  }

  /** Runs the turns that wait now, not those that they schedule. */
  runTurn(): void {
    const turns = this.turns
    this.turns = []
    for (const turn of turns) turn()
  }

  /** Runs turns until none is scheduled. */
  runTurns(): void {
    while (this.turns.length > 0) this.runTurn()
  }
}
