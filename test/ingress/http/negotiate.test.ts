import t from 'tap'
import { mediaOf, negotiate } from '../../../src/ingress/http/negotiate.js'

const OFFERED = ['application/json', 'application/vnd.sluice.frames', 'application/x-ndjson'] as const

t.test('media types', async (t) => {
  t.equal(mediaOf('Application/JSON; charset=utf-8'), 'application/json')
  t.equal(mediaOf(' text/plain '), 'text/plain')
  t.equal(mediaOf(''), '')
})

t.test('what is accepted most, most exactly, and first', async (t) => {
  const cases: [string, string | null][] = [
    ['', OFFERED[0]],
    ['*/*', OFFERED[0]],
    ['*', OFFERED[0]],
    ['application/*', OFFERED[0]],
    ['application/x-ndjson', OFFERED[2]],
    ['APPLICATION/X-NDJSON', OFFERED[2]],
    ['application/x-ndjson, */*', OFFERED[2]],
    ['*/*, application/vnd.sluice.frames;q=1', OFFERED[1]],
    ['application/x-ndjson;q=0.5, application/json;q=0.4', OFFERED[2]],
    ['application/x-ndjson;q=0.5, */*;q=0.6', OFFERED[0]],
    ['application/json;q=0, */*', OFFERED[1]],
    ['application/json;q=0, application/*;q=0.1', OFFERED[1]],
    ['text/html, application/xhtml+xml, */*;q=0.8', OFFERED[0]],
    ['application/x-ndjson; q=0.9; x=y, application/vnd.sluice.frames', OFFERED[1]],
    ['text/html', null],
    ['*/*;q=0', null],
    ['application/json;q=0', null],
    ['application/jso', null],
    [',', null],
  ]
  for (const [accept, chosen] of cases) t.equal(negotiate(accept, OFFERED), chosen, accept)
})
