import type { BusEvent } from './event.js'

/** First in, first out, without moving the rest at each removal. */
export class EventQueue {
  bytes = 0
  private items: (BusEvent | undefined)[] = []
  private head = 0

  get length(): number {
    return this.items.length - this.head
  }

  push(event: BusEvent): void {
    this.items.push(event)
    this.bytes += event.sizeBytes
  }

  shift(): BusEvent | undefined {
    if (this.head === this.items.length) return undefined
    const event = this.items[this.head] as BusEvent
    this.items[this.head++] = undefined
    this.bytes -= event.sizeBytes
    if (this.head === this.items.length) {
      this.items = []
      this.head = 0
    } else if (this.head >= 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head)
      this.head = 0
    }
    return event
  }

  clear(): void {
    this.items = []
    this.head = 0
    this.bytes = 0
  }
}
