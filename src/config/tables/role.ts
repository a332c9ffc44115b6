import { integer, patterns, size, text } from '../option.js'
import { NAME_EXPECTS, NAME_PATTERN, table } from '../table.js'

export const role = table({
  describe:
    'What somebody may do: topics to publish on and to subscribe to, as patterns, in which {user} stands for the name of the user. What is denied is denied, whatever is allowed. [] allows nothing.',
  reload: 'live',
  required: ['name'],
  example: {
    name: 'shop',
    publish: ['orders.>', 'users.{user}.>'],
    publish_deny: ['orders.internal.>'],
    subscribe: ['orders.*.created', 'users.{user}.>'],
    subscribe_deny: [],
    lane_min: 2,
    events_per_second: 10_000,
    bytes_per_second: '10MiB',
    connections_max: 100,
  },
  countMax: 1024,
  options: {
    name: text({
      default: 'shop',
      describe: 'What it is called in [[user]], [auth], [jwt] and tokens.',
      reason: 'Roles are talked about.',
      pattern: NAME_PATTERN,
      expects: NAME_EXPECTS,
    }),
    publish: patterns({
      default: ['>'],
      describe: 'Topics that may be published on.',
      reason: 'A role that says nothing of publishing does not limit it.',
    }),
    publish_deny: patterns({
      default: [],
      describe: 'Topics of these that may not be published on.',
      reason: 'Nothing is denied until somebody says what.',
    }),
    subscribe: patterns({
      default: ['>'],
      describe:
        'Topics whose events may be received. "$sys.>" is to be named where it is meant: wildcards do not match it.',
      reason: 'A role that says nothing of subscribing does not limit it.',
    }),
    subscribe_deny: patterns({
      default: [],
      describe: 'Topics of these whose events are not received, by whatever pattern.',
      reason: 'Nothing is denied until somebody says what.',
    }),
    lane_min: integer({
      default: 0,
      min: 0,
      max: 7,
      unit: 'lane',
      describe: 'The most urgent lane that may be published on.',
      reason: 'Whoever may publish may do so on every lane, unless somebody says otherwise.',
    }),
    events_per_second: integer({
      default: 0,
      min: 0,
      max: 1_000_000_000,
      unit: 'events',
      describe: 'In the place of limits.events_per_second; 0: that one.',
      reason: 'Few roles differ from the rest.',
    }),
    bytes_per_second: size({
      default: '0B',
      min: '0B',
      max: '100GiB',
      describe: 'In the place of limits.bytes_per_second; 0B: that one.',
      reason: 'Few roles differ from the rest.',
    }),
    connections_max: integer({
      default: 0,
      min: 0,
      max: 1_000_000,
      unit: 'connections',
      describe: 'Connections of each user of this role, in the place of limits.connections_per_user; 0: that one.',
      reason: 'Few roles differ from the rest.',
    }),
  },
})
