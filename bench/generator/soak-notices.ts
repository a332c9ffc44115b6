import { decodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import type { Wire } from '../wires/wire.js'
import type { NoticeEnd } from './verify.js'

/** What our daemon says on a connection between its deliveries. */
export class Notices {
  /** Events that this connection was told it missed. */
  missed = 0
  onOk: (request: number) => void = () => {}
  readonly noticeEnd: NoticeEnd

  constructor(wire: Wire) {
    this.noticeEnd = (bytes, pos, end) => {
      const next = wire.noticeEnd(bytes, pos, end)
      if (next > pos) this.take(bytes, pos, next)
      return next
    }
  }

  private take(bytes: Uint8Array, pos: number, end: number): void {
    const frame = decodeControl(bytes, pos, end)
    if (typeof frame === 'number') return
    if (frame.op === Op.GAP) this.missed += frame.count
    if (frame.op === Op.OK) this.onOk(frame.request)
  }
}
