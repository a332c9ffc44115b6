import { choice, duration, fineDuration, pattern, ratio, text } from '../option.js'
import { NAME_EXPECTS, NAME_PATTERN, table } from '../table.js'

export const slo = table({
  describe:
    'An objective: of the events on some topics, this share is through a stage within a time. Each is counted, has an error budget, and is told on $sys.slo.{name} when the budget burns too fast.',
  reload: 'live',
  required: ['name', 'topics', 'threshold', 'objective'],
  example: {
    name: 'orders',
    topics: 'orders.>',
    stage: 'delivery',
    threshold: '1ms',
    objective: 0.999,
    window: '28d',
  },
  countMax: 64,
  options: {
    name: text({
      default: 'orders',
      describe: 'What it is called: in metrics, alerts and events.',
      reason: 'Objectives are talked about.',
      pattern: NAME_PATTERN,
      expects: NAME_EXPECTS,
    }),
    topics: pattern({
      default: 'orders.>',
      describe: 'Topics whose events count, as a pattern.',
      reason: 'An objective is about what matters, rarely about everything.',
    }),
    stage: choice({
      values: ['routing', 'delivery'],
      default: 'delivery',
      describe:
        'What is timed: "routing", from accepted to written to the link or put among what waits for a receiver that does not read; "delivery", from accepted to out of our buffers.',
      reason: 'What subscribers see. "routing" leaves out the time that a slow subscriber is to blame for.',
    }),
    threshold: fineDuration({
      default: '1ms',
      min: '10us',
      max: '1m',
      describe: 'An event that took less is good; known to 1/128 of itself.',
      reason: 'What your users notice, only you know.',
    }),
    objective: ratio({
      default: 0.999,
      min: 0.5,
      max: 0.999999,
      describe: 'The share of events that is to be good. The rest is the error budget.',
      reason: 'What you have promised, only you know.',
    }),
    window: duration({
      default: '28d',
      min: '1d',
      max: '90d',
      describe: 'Over how long the budget is counted.',
      reason: 'Four whole weeks: every day of the week is in it as often as any other.',
    }),
  },
})
