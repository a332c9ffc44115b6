import { FILE_EXPECTS, FILE_PATTERN } from '../forms.js'
import { choices, duration, text, texts } from '../option.js'
import { section } from '../section.js'

const CLAIM_PATTERN = /^[A-Za-z0-9_:./-]{1,128}$/
const CLAIM_EXPECTS = 'the name of a claim such as "sub"'

export const jwt = section({
  describe:
    'JSON Web Tokens (RFC 7519) of an issuer that the daemon trusts: by a shared secret, or by the public keys of a JWKS (RFC 7517). On as soon as one of the three sources of keys is set.',
  reload: 'live',
  options: {
    algorithms: choices({
      values: [
        'HS256',
        'HS384',
        'HS512',
        'RS256',
        'RS384',
        'RS512',
        'PS256',
        'PS384',
        'PS512',
        'ES256',
        'ES384',
        'ES512',
        'EdDSA',
      ],
      default: ['RS256', 'ES256', 'EdDSA'],
      describe: 'Signatures that are accepted, whatever a token says of itself. "none" is never one.',
      reason: 'What identity providers sign with; a shared secret (HS256…) is to be asked for.',
    }),
    secret_file: text({
      default: '',
      describe:
        'File with the secret shared with the issuer, at least 32 bytes, for HS256, HS384 and HS512; empty: none.',
      reason: 'Secrets are not for the configuration.',
      pattern: FILE_PATTERN,
      expects: FILE_EXPECTS,
    }),
    jwks_file: text({
      default: '',
      describe: 'File with the public keys of the issuer, as JWKS; it is watched. Empty: none.',
      reason: 'There is no issuer until somebody names one.',
      pattern: FILE_PATTERN,
      expects: FILE_EXPECTS,
    }),
    jwks_url: text({
      default: '',
      describe:
        'URL of the same; asked again when a token names a key that is not known, and every jwks_refresh. Empty: none.',
      reason: 'There is no issuer until somebody names one.',
      pattern: /^(https:\/\/[!-~]{1,2000}|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/[!-~]{0,2000})?)?$/,
      expects: 'a URL that begins with https:// (http:// on loopback only), or nothing',
    }),
    jwks_refresh: duration({
      default: '10m',
      min: '10s',
      max: '1d',
      describe: 'The keys of jwks_url are read again so often.',
      reason: 'A key that the issuer has withdrawn is not accepted for longer.',
    }),
    issuer: text({
      default: '',
      describe: 'Required value of the claim "iss"; empty: any.',
      reason: 'Only the issuer knows what it calls itself.',
      pattern: /^[ -~]{0,512}$/,
      expects: 'a text such as "https://login.example.net/"',
    }),
    audience: text({
      default: '',
      describe: 'Value that the claim "aud" must have or contain; empty: any.',
      reason:
        'Only the issuer knows what it calls this service. Set it: tokens for other services are not for this one.',
      pattern: /^[ -~]{0,512}$/,
      expects: 'a text such as "sluice"',
    }),
    clock_tolerance: duration({
      default: '5s',
      min: '1ms',
      max: '5m',
      off: true,
      describe:
        'Clocks of issuer and daemon may differ by so much when "nbf" and "iat" are judged; a token still ends at its "exp".',
      reason: 'Machines that ask a time server are much closer than that.',
    }),
    lifetime_max: duration({
      default: '1d',
      min: '1m',
      max: '365d',
      off: true,
      describe: 'A token that expires later than this, or never, is not accepted; 0: any.',
      reason: 'What leaks does not open doors for longer than a day.',
    }),
    user_claim: text({
      default: 'sub',
      describe: 'Claim that holds the name of the user.',
      reason: 'The claim that RFC 7519 has for it.',
      pattern: CLAIM_PATTERN,
      expects: CLAIM_EXPECTS,
    }),
    role_claim: text({
      default: 'role',
      describe:
        'Claim that holds the name of a [[role]]; a token without it has what its claim "sluice" allows, or else default_role.',
      reason: 'Where most issuers can put one.',
      pattern: CLAIM_PATTERN,
      expects: CLAIM_EXPECTS,
    }),
    default_role: text({
      default: '',
      describe: 'Name of the [[role]] of tokens that say nothing of what they may; empty: such a token may do nothing.',
      reason: 'A token for something else is not a key to everything.',
      pattern: /^[a-z0-9_-]{0,64}$/,
      expects: 'the name of a role, or nothing',
    }),
    admin_roles: texts({
      default: [],
      describe: 'Roles whose tokens may use the admin port.',
      reason: 'Nobody may until somebody says who.',
      pattern: /^[a-z0-9_-]{1,64}$/,
      expects: 'a list of names of roles',
      lengthMax: 64,
    }),
  },
})
