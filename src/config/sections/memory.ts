import { duration, ratio, size } from '../option.js'
import { section } from '../section.js'

export const memory = section({
  describe: 'One bound over all outboxes.',
  reload: 'live',
  options: {
    budget: size({
      default: '256MiB',
      min: '64KiB',
      max: '64GiB',
      describe:
        'Bytes in all outboxes together; when reached, the least urgent lane is shed first, then publishers get "overloaded". Messages and bodies that are not whole yet may hold a quarter of it, beside it.',
      reason:
        '256 outboxes full to the brim, or thousands behind a little; fits a container of 512 MiB with the rest of the daemon.',
    }),
    resume_ratio: ratio({
      default: 0.9,
      min: 0.1,
      max: 0.99,
      describe: 'Publishers are taken again when use has fallen to this share of the budget.',
      reason: 'A tenth of distance keeps the answer from flapping with every flush.',
    }),
    retry_after: duration({
      default: '1s',
      min: '1ms',
      max: '1h',
      describe: 'When refused publishers are told to try again.',
      reason: 'Long enough for the outboxes to empty or be closed, short enough that nobody calls it an outage.',
    }),
  },
})
