import { duration } from '../option.js'
import { section } from '../section.js'

export const shutdown = section({
  describe: 'What SIGTERM does: stop accepting, tell the clients to go, flush, exit. A second signal ends it at once.',
  reload: 'live',
  options: {
    drain_timeout: duration({
      default: '10s',
      min: '1ms',
      max: '10m',
      off: true,
      describe: 'Time that outboxes get to empty; what then still waits is counted as dropped. 0: none.',
      reason:
        'Far more than readers need, and well under the 30 s (Kubernetes) or 90 s (systemd) after which a process is killed.',
    }),
    goaway_spread: duration({
      default: '5s',
      min: '1ms',
      max: '10m',
      off: true,
      describe: 'Clients are told to come back at a random moment within this time. 0: at once.',
      reason: '10,000 clients come back at 2,000 a second, which a starting daemon takes in its stride.',
    }),
  },
})
