import { boolean, choice, duration, integer, size, text } from '../option.js'
import { HOST_EXPECTS, HOST_PATTERN, section } from '../section.js'

export const listen = section({
  describe: 'The port for publishers and subscribers: WebSocket, and HTTP/1.1.',
  reload: 'restart',
  options: {
    host: text({
      default: '127.0.0.1',
      describe: 'Address to listen on; "0.0.0.0" or "::" for every interface.',
      reason: 'Nobody is authenticated, so reaching it from another machine is a decision that somebody takes.',
      pattern: HOST_PATTERN,
      expects: HOST_EXPECTS,
    }),
    port: integer({
      default: 7400,
      min: 0,
      max: 65535,
      unit: 'port',
      describe: 'TCP port; 0 takes any free one and the log says which.',
      reason: '7400 is the port the documents and the client library assume.',
    }),
    tls: boolean({
      default: false,
      describe: 'Whether this port speaks TLS, with the certificate of [tls]: wss:// and https:// only.',
      reason: 'Loopback needs none.',
    }),
    engine: choice({
      values: ['auto', 'uws', 'node'],
      meant: { uwebsockets: 'uws', 'uWebSockets.js': 'uws', streams: 'node', nodejs: 'node' },
      default: 'auto',
      describe:
        'What serves this port: uWebSockets.js, or Node\'s streams; "auto": uWebSockets.js where it has a binary for this Node, else Node\'s streams.',
      reason:
        'The first holds idle connections most cheaply and wins with large batches; the port of [http2] has the other one in any case.',
    }),
    connections_max: integer({
      reload: 'live',
      default: 19_000,
      min: 1,
      max: 1_000_000,
      unit: 'connections',
      describe:
        'Connections held at a time, on all ports together; one more is refused with a code that says to try again.',
      reason:
        'Each takes a file descriptor: under a usual limit of 20,000 this leaves 1,000 for all else. Raise both together.',
    }),
    idle_timeout: duration({
      default: '30s',
      min: '8s',
      max: '16m',
      off: true,
      describe: 'A connection from which nothing came for this long, not even the answer to a ping, is closed.',
      reason:
        'Finds a peer that vanished without a word within half a minute. The engine can do 0 (never) or 8 s to 16 min.',
    }),
    message_bytes_max: size({
      default: '1MiB',
      min: '1KiB',
      max: '64MiB',
      describe: 'Largest WebSocket message, with all frames in it; a longer one ends the connection (1009).',
      reason: 'Bounds what one peer can make the daemon hold before a single frame is looked at. It must fit a slab.',
    }),
    receive_buffer: size({
      default: '128KiB',
      min: '16KiB',
      max: '64MiB',
      describe:
        "Bound of the kernel's receive buffer of each connection (SO_RCVBUF; the kernel allows itself twice this).",
      reason:
        'What one read may bring stands before an urgent event on another connection. And uWebSockets.js reads one socket on and on while it finds 512 KiB: above 256KiB one publisher in a hurry can keep the daemon from all others. More helps single publishers over long distances.',
    }),
    send_buffer: size({
      default: '256KiB',
      min: '16KiB',
      max: '64MiB',
      describe:
        "Bound of the kernel's send buffer of each connection (SO_SNDBUF; the kernel allows itself twice this).",
      reason:
        'Nothing overtakes what the kernel has already; what does not fit waits in the outbox, where urgent lanes go first. More only helps single subscribers over long distances.',
    }),
  },
})
