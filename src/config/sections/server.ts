import { text } from '../option.js'
import { section } from '../section.js'

export const server = section({
  describe: 'What this daemon calls itself.',
  reload: 'restart',
  options: {
    name: text({
      default: '',
      describe: 'Name in the WELCOME frame and in logs; empty: the name of the host.',
      reason: 'A host runs one daemon as a rule, so its name tells daemons apart without any configuration.',
      // Printable, so that it can be put into a log line or a terminal as it is.
      pattern: /^[ -~\u00a0-\uffff]{0,128}$/,
      expects: 'at most 128 characters, none of them a control character',
    }),
  },
})
