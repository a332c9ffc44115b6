import { duration, integer, size } from '../option.js'
import { section } from '../section.js'

export const limits = section({
  describe:
    'What one peer may take of what all share. Beyond each there is an answer with a code of its own, and a counter. A [[role]] or a token may set its own rates.',
  reload: 'live',
  options: {
    connections_per_address: integer({
      default: 0,
      min: 0,
      max: 1_000_000,
      unit: 'connections',
      describe: 'Connections of one client address (of one /64 network in IPv6); 0: as many as there may be in all.',
      reason: 'Behind one address there may be a whole company, or a load balancer; set it where there is neither.',
    }),
    connections_per_user: integer({
      default: 0,
      min: 0,
      max: 1_000_000,
      unit: 'connections',
      describe: 'Connections of one user; 0: as many as there may be in all. The anonymous are not counted.',
      reason: 'A service of many processes is often one user.',
    }),
    connects_per_second: integer({
      default: 5000,
      min: 0,
      max: 1_000_000,
      unit: 'connections',
      describe: 'Connections that are taken in a second, with twice as many at once; 0: any number.',
      reason:
        "One costs about 0.1 ms of a core on uWebSockets.js, 0.3 ms on Node's streams, 1 ms with TLS, whose handshakes have a limit of their own. 10,000 clients that all come back in one moment are let in.",
    }),
    events_per_second: integer({
      default: 0,
      min: 0,
      max: 1_000_000_000,
      unit: 'events',
      describe: 'Events that one connection may publish in a second, as many at once; 0: any number.',
      reason: 'Publishers are slowed down by TCP when the daemon is busy. Set it where publishers are strangers.',
    }),
    bytes_per_second: size({
      default: '0B',
      min: '0B',
      max: '100GiB',
      describe: 'Bytes that one connection may publish in a second, as many at once, or one message; 0B: any number.',
      reason: 'As for events.',
    }),
    message_time: duration({
      default: '30s',
      min: '1s',
      max: '10m',
      describe:
        'A WebSocket message must be complete within this time. uWebSockets.js does not tell of one that is not: there it is a peer that answers no PING in this time, and it may take a third longer.',
      reason:
        '35 KB a second for the largest message of 1 MiB. Whoever sends a byte now and then holds memory for nothing.',
    }),
    pattern_tokens_max: integer({
      default: 16,
      min: 1,
      max: 16,
      unit: 'tokens',
      describe: 'Tokens that the pattern of a subscription may have.',
      reason: 'The bound of the protocol: each token is a step of the walk that finds receivers.',
    }),
  },
})
