import { FILE_EXPECTS, FILE_PATTERN } from '../forms.js'
import { boolean, choice, duration, integer, text } from '../option.js'
import { section } from '../section.js'

export const tls = section({
  describe: 'Certificate and key of all ports that speak TLS.',
  reload: 'restart',
  options: {
    certificate: text({
      default: '',
      describe: 'File with the certificate and its chain, PEM; empty: no TLS.',
      reason: 'There is none until somebody has made or obtained one.',
      pattern: FILE_PATTERN,
      expects: FILE_EXPECTS,
    }),
    key: text({
      default: '',
      describe: 'File with the private key of the certificate, PEM, without a passphrase.',
      reason: 'Goes with the certificate.',
      pattern: FILE_PATTERN,
      expects: FILE_EXPECTS,
    }),
    client_ca: text({
      default: '',
      describe:
        "File with certificates of authorities, PEM: a client may show a certificate of one of them, and is then the [[user]] with its subject. On ports of Node's streams. Empty: nobody is asked for one.",
      reason: 'There is no authority until somebody names one.',
      pattern: FILE_PATTERN,
      expects: FILE_EXPECTS,
    }),
    client_crl: text({
      default: '',
      describe: 'File with lists of certificates that client_ca has revoked (RFC 5280), PEM; empty: none.',
      reason: 'There is no list until the authority makes one.',
      pattern: FILE_PATTERN,
      expects: FILE_EXPECTS,
    }),
    min_version: choice({
      values: ['1.2', '1.3'],
      meant: { 'TLSv1.2': '1.2', 'TLSv1.3': '1.3', 1.2: '1.2', 1.3: '1.3' },
      default: '1.2',
      describe: 'The oldest version of TLS that is spoken.',
      reason: 'Everything older is broken; some clients in the field know nothing newer.',
    }),
    watch: boolean({
      default: true,
      describe: 'Whether changed files are taken up by themselves; SIGHUP does it in any case.',
      reason: 'A renewed certificate must not wait for somebody to remember the daemon.',
    }),
    ticket_key_file: text({
      default: '',
      describe:
        'File (mode 0600) that keeps the key of session tickets, made when missing; empty: the key lives as long as the process. Daemons behind one name share it.',
      reason: 'Where state may be kept is for the installation to say.',
      pattern: FILE_PATTERN,
      expects: FILE_EXPECTS,
    }),
    ticket_rotation: duration({
      default: '12h',
      min: '1m',
      max: '7d',
      describe: 'The key of session tickets is replaced so often; tickets of the old one mean one full handshake each.',
      reason:
        'Who steals a ticket key can read what was recorded under it (RFC 9325, 7.4); Node holds one key at a time.',
    }),
    handshakes_max: integer({
      reload: 'live',
      default: 64,
      min: 1,
      max: 10_000,
      unit: 'handshakes',
      describe: 'Handshakes under way at a time on each port; what comes above it waits its turn.',
      reason: 'A storm of reconnects must not stall the delivery to those who are connected.',
    }),
    handshake_timeout: duration({
      default: '10s',
      min: '1s',
      max: '2m',
      describe: 'A handshake must be complete within this, waiting included.',
      reason: 'Sockets that open and say nothing hold a place.',
    }),
  },
})
