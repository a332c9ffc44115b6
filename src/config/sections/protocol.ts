import { integer, size } from '../option.js'
import { section } from '../section.js'

export const protocol = section({
  describe: 'What one connection may say; the WELCOME frame tells these to each client.',
  reload: 'live',
  options: {
    payload_bytes_max: size({
      default: '1000KiB',
      min: '1B',
      max: '63MiB',
      describe: 'Largest payload of one event; a larger one is refused with payload_too_large.',
      reason:
        'The largest payload must fit one message with its topic and metadata: 24 KiB under listen.message_bytes_max ' +
        'is room for those and for a few frames besides.',
    }),
    subscriptions_max: integer({
      default: 1000,
      min: 1,
      max: 1_000_000,
      unit: 'subscriptions',
      describe: 'Subscriptions of one connection; one more is refused with too_many_subscriptions.',
      reason: 'Each costs memory and a branch of the subscription index. Who needs more usually wants a pattern.',
    }),
  },
})
