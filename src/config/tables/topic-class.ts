import { pattern, text } from '../option.js'
import { NAME_EXPECTS, NAME_PATTERN, table } from '../table.js'
import { TOPIC_CLASSES_MAX } from '../topic-classes.js'

export const topic_class = table({
  describe:
    'Topics whose latency is shown apart, beside that of each lane. The topics of every [[slo]] are such a class by themselves.',
  reload: 'restart',
  required: ['name', 'topics'],
  example: { name: 'trades', topics: 'trades.*.fills' },
  countMax: TOPIC_CLASSES_MAX,
  options: {
    name: text({
      default: 'trades',
      describe: 'What it is called: in metrics and on the dashboard.',
      reason: 'A pattern says where, not what.',
      pattern: NAME_PATTERN,
      expects: NAME_EXPECTS,
    }),
    topics: pattern({
      default: 'trades.*.fills',
      describe: 'Topics that belong to it, as a pattern. A topic may be in several classes.',
      reason: 'The grammar that subscribers use.',
    }),
  },
})
