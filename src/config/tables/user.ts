import { OPTIONAL_NAME_PATTERN, USER_EXPECTS, USER_PATTERN } from '../forms.js'
import { boolean, text, texts } from '../option.js'
import { table } from '../table.js'

export const user = table({
  describe:
    'Somebody who may connect, and how it is known that it is they: a password, tokens, subjects of client certificates, or several of these. "sluice hash" makes the hashes; the secrets themselves stand nowhere.',
  reload: 'live',
  required: ['name'],
  example: {
    name: 'shop-eu',
    role: 'shop',
    password_hash: '',
    token_hashes: ['sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'],
    certificate_subjects: ['CN=shop-eu,O=Example'],
    admin: false,
  },
  countMax: 10_000,
  options: {
    name: text({
      default: 'shop-eu',
      describe: 'Who it is.',
      reason: 'Users are talked about.',
      pattern: USER_PATTERN,
      expects: USER_EXPECTS,
    }),
    role: text({
      default: '',
      describe: 'Name of the [[role]] that says what they may; empty: everything.',
      reason: 'There is no role until somebody writes one.',
      pattern: OPTIONAL_NAME_PATTERN,
      expects: 'the name of a role, or nothing',
    }),
    password_hash: text({
      default: '',
      describe: 'Hash of the password as "sluice hash" prints it; empty: none.',
      reason: 'Tokens cannot be guessed; passwords are for people.',
      pattern: /^(scrypt:\d{1,2}:\d{1,2}:\d{1,2}:[A-Za-z0-9_-]{22,86}:[A-Za-z0-9_-]{43,86})?$/,
      expects: 'a hash such as "scrypt:…", as "sluice hash" prints it',
    }),
    token_hashes: texts({
      default: [],
      describe: 'Hashes of the tokens, as "sluice token" prints them: more than one, so that one can follow another.',
      reason: 'There is no token until somebody makes one.',
      pattern: /^sha256:[0-9a-f]{64}$/,
      expects: 'a list of hashes such as "sha256:…", as "sluice token" prints them',
      lengthMax: 16,
    }),
    certificate_subjects: texts({
      default: [],
      describe:
        'Subjects of client certificates (RFC 4514) that are this user, with tls.client_ca; "CN=shop-eu" alone matches any subject with that common name.',
      reason: 'There is no certificate until somebody makes one.',
      pattern: /^[ -~]{1,512}$/,
      expects: 'a list of subjects such as "CN=shop-eu,O=Example"',
      lengthMax: 16,
    }),
    admin: boolean({
      default: false,
      describe: 'Whether they may use the admin port where it asks who somebody is.',
      reason: 'Who publishes need not see, or end, the connections of others.',
    }),
  },
})
