import { FILE_EXPECTS, FILE_PATTERN } from '../forms.js'
import { boolean, text } from '../option.js'
import { section } from '../section.js'

export const observe = section({
  describe: 'What the daemon measures of itself, and whom it tells. Objectives are [[slo]] tables, further below.',
  reload: 'live',
  options: {
    latency: boolean({
      reload: 'restart',
      default: true,
      describe: 'Whether every event is timed, by lane and by class of topics. Objectives need it.',
      reason: 'Costs under 3 % of a firehose, and less of anything else.',
    }),
    webhook: text({
      default: '',
      describe:
        'URL that is sent a POST with JSON when the budget of an objective begins to burn too fast, and when that is over; empty: none.',
      reason: 'Nobody outside is told anything until somebody says whom.',
      pattern: /^(https?:\/\/[!-~]{1,2000})?$/,
      expects: 'a URL that begins with http:// or https://, or nothing',
    }),
    state_file: text({
      default: '',
      describe:
        'File that keeps what objectives have counted, written once a minute and at the end; empty: a restart begins with a full budget.',
      reason: 'Where state may be kept is for the installation to say.',
      pattern: FILE_PATTERN,
      expects: FILE_EXPECTS,
    }),
  },
})
