import type { Headers } from './exchange.js'

/** Head of an answer that goes on: nobody on the way may keep it, or wait until it is complete (the last is nginx's own). */
export function streamHeaders(media: string): Headers {
  return { 'content-type': media, 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
}
