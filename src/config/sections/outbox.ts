import { CONTROL_BYTES_MAX } from '../../protocol/limits.js'
import { POLICIES } from '../../protocol/ops.js'
import { choice, duration, integer, size } from '../option.js'
import { section } from '../section.js'
import { formatBytes } from '../units.js'

export const outbox = section({
  describe: 'What waits for a subscriber that does not read as fast as events come. A subscription may ask for less.',
  reload: 'live',
  options: {
    policy: choice({
      values: POLICIES,
      default: 'drop-oldest',
      describe: 'What a full outbox does with one event too many, unless the subscription says otherwise.',
      reason:
        'New events are worth more than old ones to most subscribers, and a gap frame tells how many are missing.',
    }),
    bytes_max: size({
      default: '1MiB',
      min: '1KiB',
      max: '1GiB',
      describe: 'Bytes that may wait, per connection and per subscription.',
      reason:
        'Bridges a stall of a second at 8 Mbit/s. A thousand frozen subscribers cost at most memory.budget all the same.',
    }),
    events_max: integer({
      default: 65_536,
      min: 1,
      max: 16_777_216,
      unit: 'events',
      describe: 'Events that may wait, per connection and per subscription.',
      reason:
        '16 bytes an event at the default bytes_max: only the tiniest events meet it, whose bookkeeping outweighs their bytes.',
    }),
    soft_bytes: size({
      default: '256KiB',
      min: '1KiB',
      max: '1GiB',
      describe: 'With policy "disconnect": an outbox above this for soft_time is closed too, before it is full.',
      reason:
        'A quarter of the hard bound: a burst passes it for a moment, a consumer that is too slow stays above it.',
    }),
    soft_time: duration({
      default: '10s',
      min: '100ms',
      max: '1h',
      describe: 'How long an outbox may stay above soft_bytes.',
      reason: 'Longer than a garbage collection, a reload or a Wi-Fi hiccup of the subscriber.',
    }),
    control_bytes_max: size({
      default: '64KiB',
      min: formatBytes(CONTROL_BYTES_MAX),
      max: '16MiB',
      describe:
        'Bytes of answers that may wait for a client that sends requests without reading; over it, it is closed.',
      reason: 'Thousands of answers. They are never dropped, so somebody who lets them pile up has to go.',
    }),
  },
})
