import { boolean, choice, integer, text, texts } from '../option.js'
import { HOST_EXPECTS, HOST_PATTERN, section } from '../section.js'

export const admin = section({
  describe: 'The HTTP port for operators: /livez, /readyz, /metrics, and all else that is to be seen of the daemon.',
  reload: 'restart',
  options: {
    enabled: boolean({
      default: true,
      describe: 'Whether there is an admin port at all.',
      reason: 'A daemon that cannot be asked how it does is a daemon that nobody should run.',
    }),
    host: text({
      default: '127.0.0.1',
      describe: 'Address to listen on.',
      reason: 'Metrics name topics and peers: they are for this machine until somebody decides otherwise.',
      pattern: HOST_PATTERN,
      expects: HOST_EXPECTS,
    }),
    port: integer({
      default: 7402,
      min: 0,
      max: 65535,
      unit: 'port',
      describe: 'TCP port; 0 takes any free one and the log says which.',
      reason: "Beside the bus on 7400; 7401 is HTTP/2's.",
    }),
    allow_anonymous: choice({
      reload: 'live',
      values: ['auto', 'always', 'never'],
      default: 'auto',
      describe:
        'Whether it is open to those who say not who they are: "auto", on loopback only. Else users with admin = true are let in, and tokens with one of jwt.admin_roles; /livez and /readyz answer to anybody.',
      reason:
        'Whoever is on this machine may look, as on any port of an operator; nobody else is told about topics and peers.',
    }),
    names: texts({
      reload: 'live',
      default: [],
      describe:
        'Names by which browsers and tools may address this port, beside plain addresses, localhost and the name of this machine.',
      reason:
        "A page of anybody's could give its own name this address (DNS rebinding). /metrics, /livez and /readyz answer to any name.",
      pattern: /^[A-Za-z0-9._-]{1,253}$/,
      expects: 'a list of host names such as "sluice.example.net"',
      lengthMax: 100,
    }),
  },
})
