import { choice } from '../option.js'
import { section } from '../section.js'

export const log = section({
  describe: 'Logs go to standard output, one JSON object a line.',
  reload: 'live',
  options: {
    level: choice({
      values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      meant: { warning: 'warn', verbose: 'debug', critical: 'fatal', off: 'silent', none: 'silent', false: 'silent' },
      default: 'info',
      describe: 'The least important lines that are written.',
      reason: 'Starts, stops and what an operator should know; nothing that is written per event or per connection.',
    }),
    pretty: choice({
      reload: 'restart',
      values: ['auto', 'always', 'never'],
      meant: { true: 'always', false: 'never', yes: 'always', no: 'never', on: 'always', off: 'never' },
      default: 'auto',
      describe: 'Coloured text for people instead of JSON; "auto": when standard output is a terminal.',
      reason: 'Log shippers and journald read JSON, people do not.',
    }),
  },
})
