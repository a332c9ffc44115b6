import { boolean, integer, text } from '../option.js'
import { HOST_EXPECTS, HOST_PATTERN, section } from '../section.js'

export const https = section({
  describe: 'The port with TLS: HTTP/2, HTTP/1.1 and WebSocket over both. It opens when tls.certificate is set.',
  reload: 'restart',
  options: {
    enabled: boolean({
      default: true,
      describe: 'Whether there is this port, given a certificate.',
      reason: 'Who configures a certificate wants it used.',
    }),
    host: text({
      default: '127.0.0.1',
      describe: 'Address to listen on; "0.0.0.0" or "::" for every interface.',
      reason: 'Nobody is authenticated, so reaching it from another machine is a decision that somebody takes.',
      pattern: HOST_PATTERN,
      expects: HOST_EXPECTS,
    }),
    port: integer({
      default: 7443,
      min: 0,
      max: 65535,
      unit: 'port',
      describe: 'TCP port; 0 takes any free one and the log says which.',
      reason: 'Ends like 443.',
    }),
  },
})
