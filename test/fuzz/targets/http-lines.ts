import { FrameLines, PayloadLines } from '../../../src/ingress/http/lines-body.js'
import { Report } from '../../../src/ingress/http/report.js'
import { frameEnd } from '../../../src/protocol/scan.js'
import { takeBody } from '../recording-router.js'
import { cutUp, must } from '../target.js'

/** Bodies of lines over HTTP, each of them a frame, or each the payload of an event. */

const HEAD = { topic: 'a.b', lane: 2, metadata: null }

const KINDS = {
  frames: (...[router, session, held]: Parameters<Parameters<typeof takeBody>[1]>) =>
    new FrameLines(router, session, new Report(), held),
  payloads: (...[router, session, held]: Parameters<Parameters<typeof takeBody>[1]>) =>
    new PayloadLines(router, session, new Report(), held, HEAD),
}

export const words = [
  '["event","a",3,1]\n',
  '["event","a",3,{"a":[1.5,null]},{"ttl":5}]\n',
  '["sync",1]\n',
  '[x]\n',
  '\n',
  '\r\n',
  '{"$bin":"AA=="}\n',
  '{"a":1}\n',
  '\xff',
  '\xc3',
  '[[[[[[[[',
]

export function handle(input: Buffer): unknown {
  return [takeBody(cutUp(input), KINDS.frames), takeBody(cutUp(input), KINDS.payloads)]
}

export function fuzz(input: Buffer): void {
  for (const make of Object.values(KINDS)) {
    const whole = takeBody([input], make)
    const cut = takeBody(cutUp(input), make)
    must(cut.ended === whole.ended, 'cut or not, it ends the same', cut.ended, whole.ended)
    must(cut.refused === whole.refused, 'cut or not, as many events are refused', cut.refused, whole.refused)
    must(cut.frames.equals(whole.frames), 'cut or not, the same frames are accepted', cut.frames, whole.frames)
    const { frames } = whole
    for (let pos = 0; pos < frames.length; ) {
      const end = frameEnd(frames, pos, frames.length)
      must(end > pos, 'whole frames are accepted', end)
      pos = end
    }
  }
}
