import { decodeControl } from '../../src/protocol/control.js'
import { Op } from '../../src/protocol/ops.js'
import type { Wire } from '../wires/wire.js'
import type { GapIn, NoticeEnd } from './verify.js'

/** What our daemon says between its deliveries, on a connection with one subscription. */
export class Notices {
  onOk: (request: number) => void = () => {}
  readonly noticeEnd: NoticeEnd
  readonly gapIn: GapIn

  constructor(wire: Wire) {
    this.noticeEnd = (bytes, pos, end) => {
      const next = wire.noticeEnd(bytes, pos, end)
      const frame = next > pos ? decodeControl(bytes, pos, next) : 0
      if (typeof frame !== 'number' && frame.op === Op.OK) this.onOk(frame.request)
      return next
    }
    this.gapIn = (bytes, pos, end) => {
      const gap = wire.gapIn?.(bytes, pos, end) ?? null
      return gap === null ? null : { check: 0, count: gap.count }
    }
  }
}
