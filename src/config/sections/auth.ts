import { FILE_EXPECTS, FILE_PATTERN, OPTIONAL_NAME_PATTERN } from '../forms.js'
import { boolean, duration, size, text } from '../option.js'
import { section } from '../section.js'
import { NAME_EXPECTS } from '../table.js'

export const auth = section({
  describe:
    'Who may connect. Users are [[user]] tables, tokens of others come by [jwt], what they may is in [[role]] tables. While none of these is there, everybody is anonymous and may do everything, and the daemon listens on loopback only.',
  reload: 'live',
  options: {
    allow_anonymous: boolean({
      default: false,
      describe:
        'Whether those who say not who they are are let in: beside users, or, where there are none, from other machines.',
      reason: 'Being open to a network is a decision that somebody takes.',
    }),
    anonymous_role: text({
      default: '',
      describe: 'Name of the [[role]] of the anonymous; empty: they may do everything.',
      reason: 'There is no role until somebody writes one.',
      pattern: OPTIONAL_NAME_PATTERN,
      expects: `${NAME_EXPECTS}, or nothing`,
    }),
    timeout: duration({
      default: '2s',
      min: '100ms',
      max: '1m',
      describe: 'A connection that has to say who it is has this long for it.',
      reason: 'Two slow round trips; whoever only holds connections open holds few.',
    }),
    unauthenticated_bytes_max: size({
      default: '16KiB',
      min: '1KiB',
      max: '1MiB',
      describe: 'What a connection may send before it is known who it is.',
      reason: 'A token and the frames that clients send ahead of its answer, and no more than that for strangers.',
    }),
    revoked_file: text({
      default: '',
      describe:
        'File with ids of tokens (the claim "jti"), one a line, that are not accepted any more; "sluice revoke" adds to it. It is watched; empty: none.',
      reason: 'Where state may be kept is for the installation to say.',
      pattern: FILE_PATTERN,
      expects: FILE_EXPECTS,
    }),
  },
})
