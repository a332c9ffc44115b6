import { duration, size } from '../option.js'
import { section } from '../section.js'

export const http = section({
  describe: 'The HTTP API, on every port that clients connect to: publish and subscribe without a WebSocket.',
  reload: 'live',
  options: {
    body_bytes_max: size({
      default: '16MiB',
      min: '1KiB',
      max: '1GiB',
      describe: 'Largest body of a request that publishes many events and is answered at its end.',
      reason: 'Bounds how long one request can go on; a stream whose answer streams too has no such bound.',
    }),
    body_timeout: duration({
      default: '30s',
      min: '1s',
      max: '1h',
      describe:
        'A body must be complete within this; one whose answer streams must bring something at least so often, unless it receives events.',
      reason: 'Ends requests that trickle, which would hold memory and a stream for ever.',
    }),
    heartbeat: duration({
      default: '15s',
      min: '1s',
      max: '10m',
      describe: 'Silent streams of server-sent events carry a comment so often.',
      reason: 'Proxies cut what is silent for 30 to 60 s, and a reader that vanished is found.',
    }),
    resume_time: duration({
      default: '30s',
      min: '1s',
      max: '1h',
      off: true,
      describe:
        'A reader of server-sent events that lost its connection may come back with Last-Event-ID for this long and misses nothing; 0: it is told what it missed.',
      reason: 'Browsers come back after some seconds. What waits meanwhile is bounded as for any slow reader.',
    }),
    resume_bytes: size({
      default: '256KiB',
      min: '4KiB',
      max: '64MiB',
      describe: 'So much of what was sent last to a reader of server-sent events is kept for when it comes back.',
      reason: "About what the kernel's send buffer and a proxy may have swallowed when a connection breaks.",
    }),
  },
})
