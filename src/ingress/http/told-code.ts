import { decodeControl } from '../../protocol/control.js'
import { Op } from '../../protocol/ops.js'

/** Remembers which code the reader of a stream was last told, so that the end of the stream does not say it again. */
export class ToldCode {
  private code = 0

  /** @param frame what is written; only a single ERROR or GOAWAY frame counts */
  note(frame: Uint8Array): void {
    if (frame[1] !== Op.ERROR && frame[1] !== Op.GOAWAY) return
    const control = decodeControl(frame, 0, frame.length)
    if (typeof control !== 'number' && 'code' in control) this.code = control.code
  }

  hasTold(code: number): boolean {
    return this.code === code
  }
}
