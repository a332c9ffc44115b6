import { FrameAssembler } from '../../../src/ingress/http/frame-assembler.js'
import { Op } from '../../../src/protocol/ops.js'
import { EventScanner, frameEnd } from '../../../src/protocol/scan.js'
import { encodeEvent } from '../../../src/protocol/write.js'
import { takeBody } from '../recording-router.js'
import { cutUp, must } from '../target.js'

/** A body of frames over HTTP: what comes of it must not depend on where the network cuts it. */

const scanner = new EventScanner()

export const words = [
  encodeEvent('a', 3, Buffer.from('x')),
  encodeEvent('a.b', 3, Buffer.alloc(200), Buffer.from('81a2696401', 'hex')),
  ...['9401', '9501', '9501da0003612e62', '920801', '92a0', 'c500ff', 'c600000005', 'c6ffffffff', '81a3747470'].map(
    (hex) => Buffer.from(hex, 'hex'),
  ),
]

export function handle(input: Buffer): unknown {
  return takeBody(cutUp(input), (router, session, held) => new FrameAssembler(router, session, held))
}

export function fuzz(input: Buffer): void {
  const whole = takeBody([input], (router, session, held) => new FrameAssembler(router, session, held))
  const cut = takeBody(cutUp(input), (router, session, held) => new FrameAssembler(router, session, held))
  must(cut.ended === whole.ended, 'cut or not, it ends the same', cut.ended, whole.ended)
  must(cut.frames.equals(whole.frames), 'cut or not, the same frames are accepted', cut.frames, whole.frames)
  const { frames, ended } = whole
  must(frames.equals(input.subarray(0, frames.length)), 'what is accepted stands in the body')
  must(ended !== 0 || frames.length === input.length, 'all of it is accepted, or there is an error')
  for (let pos = 0; pos < frames.length; ) {
    const end = frameEnd(frames, pos, frames.length)
    must(end > pos, 'whole frames are accepted', end)
    if (frames[pos + 1] === Op.EVENT && end - pos > 2) scanner.scan(frames, pos, end)
    pos = end
  }
}
