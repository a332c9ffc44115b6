import { boolean, duration, integer, size, text } from '../option.js'
import { HOST_EXPECTS, HOST_PATTERN, section } from '../section.js'

export const http2 = section({
  describe:
    "The port on Node's streams without TLS: HTTP/2 with prior knowledge, HTTP/1.1 and WebSocket over both. Its limits hold for the port of [https] too.",
  reload: 'restart',
  options: {
    enabled: boolean({
      default: true,
      describe: 'Whether there is this port.',
      reason: 'Proxies, sidecars and firehoses of single events on the same machine come here.',
    }),
    host: text({
      default: '127.0.0.1',
      describe: 'Address to listen on.',
      reason: 'What is not encrypted stays on this machine until somebody decides otherwise.',
      pattern: HOST_PATTERN,
      expects: HOST_EXPECTS,
    }),
    port: integer({
      default: 7401,
      min: 0,
      max: 65535,
      unit: 'port',
      describe: 'TCP port; 0 takes any free one and the log says which.',
      reason: 'Beside the bus on 7400.',
    }),
    streams_max: integer({
      default: 64,
      min: 1,
      max: 10_000,
      unit: 'streams',
      describe: 'Requests that one HTTP/2 connection may have open at a time.',
      reason: 'Bounds what one connection can make the daemon hold; a browser needs a few dozen.',
    }),
    header_bytes_max: size({
      default: '8KiB',
      min: '1KiB',
      max: '64KiB',
      describe: 'Largest head of a request, after decompression.',
      reason: 'Ours need some hundred bytes; cookies and tokens of a proxy some thousand.',
    }),
    header_timeout: duration({
      reload: 'live',
      default: '5s',
      min: '1s',
      max: '1m',
      describe: 'A new connection must bring a whole head within this.',
      reason: 'Sockets that say nothing, or a byte now and then, are gone in seconds.',
    }),
    idle_timeout: duration({
      reload: 'live',
      default: '60s',
      min: '1s',
      max: '1h',
      describe: 'An HTTP connection without a request under way is closed after this.',
      reason: 'Node closes none by itself; clients open another when they need one.',
    }),
    resets_max: integer({
      reload: 'live',
      default: 100,
      min: 1,
      max: 100_000,
      unit: 'streams',
      describe:
        'Streams that a connection may reset, or have end before an answer, in a burst; it regains a tenth a second.',
      reason: 'Rapid reset and its kin end a connection here. Node 20 has no such guard of its own.',
    }),
    control_frames_max: integer({
      reload: 'live',
      default: 200,
      min: 10,
      max: 100_000,
      unit: 'frames',
      describe: 'PING, SETTINGS and empty frames that a connection may send in a burst; it regains a tenth a second.',
      reason: 'Each must be answered or looked at and carries nothing.',
    }),
  },
})
