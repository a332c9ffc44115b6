import { boolean, duration } from '../option.js'
import { section } from '../section.js'

export const shutdown = section({
  describe:
    'What SIGTERM and "sluice drain" do: say not ready, stop accepting, tell the clients to go, flush, exit. A second signal ends it at once.',
  reload: 'live',
  options: {
    ready_grace: duration({
      default: '0',
      min: '1ms',
      max: '10m',
      off: true,
      describe:
        'Time between /readyz saying no and the ports being closed: clients are taken and served as ever meanwhile. 0: none.',
      reason:
        'Only a balancer needs it, which goes on sending connections until it has asked again: set it to two of its intervals.',
    }),
    handover: boolean({
      default: false,
      describe:
        'Whether clients have another daemon to go to, behind a balancer or by a list of URLs: each is then sent there at its moment within goaway_spread, publishers before subscribers, and served until then. false: all are told at once when to come back, and it is over as soon as nothing is under way.',
      reason:
        'A daemon alone is back the sooner the sooner it stops, and who is told to leave early would wait for nothing.',
    }),
    goaway_spread: duration({
      default: '5s',
      min: '1ms',
      max: '10m',
      off: true,
      describe:
        'Clients are told to come back, or with handover to leave, at a random moment within this time. 0: at once.',
      reason: '10,000 clients come back at 2,000 a second, which a starting daemon takes in its stride.',
    }),
    drain_timeout: duration({
      default: '10s',
      min: '1ms',
      max: '10m',
      off: true,
      describe:
        'Time that outboxes get to empty, with handover from the end of goaway_spread on; what then still waits is counted as dropped. 0: none.',
      reason:
        'Far more than readers need; with goaway_spread well under the 30 s (Kubernetes) or 90 s (systemd) after which a process is killed.',
    }),
  },
})
