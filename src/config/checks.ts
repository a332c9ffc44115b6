import { METADATA_BYTES_MAX, TOPIC_BYTES_MAX } from '../protocol/limits.js'
import { isAdminOpen, isLoopback, knowsUsers, verifiesTokens } from './authentication.js'
import type { Config } from './config.js'
import { formatBytes } from './units.js'

/** A rule about more than one option. */
export interface Check {
  /** Dotted names; the rule is skipped while one of them is wrong by itself. The problem is told at the first that was set. */
  readonly keys: readonly string[]
  /** Completes "<key>: …" for the key it is told at, or null when the rule is kept. */
  readonly broken: (config: Config, key: string) => string | null
}

/** An EVENT frame around the longest topic, the largest metadata and a payload: array, op, str 16, topic, flags, bin 32, metadata. */
export const EVENT_OVERHEAD_BYTES_MAX = 1 + 1 + 3 + TOPIC_BYTES_MAX + 1 + 5 + METADATA_BYTES_MAX

/** All slabs are views of one WebAssembly.Memory, and a position in it is a 31-bit integer. */
const SLABS_BYTES_MAX = 2 ** 31
/** WebAssembly's unit: each slab is rounded up to whole pages. */
const WASM_PAGE_BYTES = 2 ** 16

export const CHECKS: readonly Check[] = [
  ...distinctPorts(),
  {
    keys: ['tls.certificate', 'tls.key'],
    broken: ({ tls }, key) => {
      if ((tls.certificate === '') === (tls.key === '')) return null
      const missing = tls.certificate === '' ? 'tls.certificate' : 'tls.key'
      return `${key === missing ? 'it' : missing} is empty; a certificate and its key go together`
    },
  },
  {
    keys: ['listen.tls', 'tls.certificate'],
    broken: ({ listen, tls }) =>
      listen.tls && tls.certificate === '' ? 'listen.tls needs a certificate: set tls.certificate and tls.key' : null,
  },
  {
    keys: ['listen.tls', 'tls.client_ca'],
    broken: ({ tls }) =>
      tls.clientCa !== '' && tls.certificate === ''
        ? 'tls.client_ca is for ports that speak TLS: set tls.certificate'
        : null,
  },
  ...openPorts(),
  {
    keys: ['admin.host', 'admin.allow_anonymous'],
    broken: (config) =>
      !config.admin.enabled || isAdminOpen(config) || knowsAdmins(config)
        ? null
        : `nobody could use the admin port at ${config.admin.host}: set admin = true for a [[user]], name jwt.admin_roles, or set admin.allow_anonymous = "always"`,
  },
  roleIsThere('auth.anonymous_role', ({ auth }) => [auth.anonymousRole]),
  roleIsThere('jwt.default_role', ({ jwt }) => [jwt.defaultRole]),
  roleIsThere('jwt.admin_roles', ({ jwt }) => jwt.adminRoles),
  {
    keys: ['jwt.secret_file', 'jwt.algorithms'],
    broken: ({ jwt }) => {
      const isShared = jwt.algorithms.some((name) => name.startsWith('HS'))
      if (jwt.secretFile !== '' && !isShared)
        return 'jwt.secret_file is for HS256, HS384 and HS512: name one in jwt.algorithms'
      // One algorithm's public key must never be taken for another's secret.
      if (jwt.secretFile === '' && isShared && verifiesTokens({ jwt }))
        return 'HS256, HS384 and HS512 need jwt.secret_file'
      return null
    },
  },
  {
    keys: ['jwt.jwks_file', 'jwt.jwks_url'],
    broken: ({ jwt }) =>
      jwt.jwksFile !== '' && jwt.jwksUrl !== ''
        ? 'jwt.jwks_file and jwt.jwks_url are both set; there is one issuer'
        : null,
  },
  {
    keys: ['protocol.payload_bytes_max', 'listen.message_bytes_max'],
    broken: ({ protocol, listen }) =>
      protocol.payloadBytesMax + EVENT_OVERHEAD_BYTES_MAX > listen.messageBytesMax
        ? `protocol.payload_bytes_max (${formatBytes(protocol.payloadBytesMax)}) and ${EVENT_OVERHEAD_BYTES_MAX} bytes of topic ` +
          `and metadata do not fit listen.message_bytes_max (${formatBytes(listen.messageBytesMax)})`
        : null,
  },
  {
    keys: ['observe.latency'],
    broken: ({ observe, slo }) =>
      slo.length > 0 && !observe.latency ? 'it is false, and nothing is timed that [[slo]] could be judged by' : null,
  },
  atMost('listen.message_bytes_max', 'router.slab_bytes', ({ listen, router }) => [
    listen.messageBytesMax,
    router.slabBytes,
  ]),
  {
    keys: ['router.slabs', 'router.slab_bytes'],
    broken: ({ router }) => {
      const bytes = router.slabs * Math.ceil(router.slabBytes / WASM_PAGE_BYTES) * WASM_PAGE_BYTES
      return bytes > SLABS_BYTES_MAX
        ? `router.slabs times router.slab_bytes is ${formatBytes(bytes)}; at most ${formatBytes(SLABS_BYTES_MAX)} can be addressed`
        : null
    },
  },
  {
    keys: ['router.pending_bytes_max', 'router.slabs', 'router.slab_bytes'],
    broken: ({ router }) =>
      router.pendingBytesMax > router.slabs * router.slabBytes
        ? `router.pending_bytes_max (${formatBytes(router.pendingBytesMax)}) is more than all slabs hold ` +
          `(router.slabs times router.slab_bytes is ${formatBytes(router.slabs * router.slabBytes)})`
        : null,
  },
  atMost('router.inline_drain_bytes', 'router.pending_bytes_max', ({ router }) => [
    router.inlineDrainBytes,
    router.pendingBytesMax,
  ]),
  atMost('router.run_bytes_max', 'router.slab_bytes', ({ router }) => [router.runBytesMax, router.slabBytes]),
  // What is too short to be sent as it lies must fit the buffer it is gathered in.
  atMost('router.direct_bytes', 'router.batch_bytes', ({ router }) => [router.directBytes, router.batchBytes]),
  atMost('router.batch_bytes', 'listen.message_bytes_max', ({ router, listen }) => [
    router.batchBytes,
    listen.messageBytesMax,
  ]),
  atMost('outbox.soft_bytes', 'outbox.bytes_max', ({ outbox }) => [outbox.softBytes, outbox.bytesMax]),
  atMost('outbox.bytes_max', 'memory.budget', ({ outbox, memory }) => [outbox.bytesMax, memory.budgetBytes]),
]

/** Nobody listens to a network without knowing who speaks, unless somebody has said so. */
function openPorts(): Check[] {
  const ports: readonly { key: string; hostOf: (config: Config) => string }[] = [
    { key: 'listen.host', hostOf: ({ listen }) => listen.host },
    { key: 'http2.host', hostOf: ({ http2 }) => (http2.enabled ? http2.host : '') },
    { key: 'https.host', hostOf: ({ https, tls }) => (https.enabled && tls.certificate !== '' ? https.host : '') },
  ]
  return ports.map(({ key, hostOf }) => ({
    keys: [key],
    broken: (config) => {
      const host = hostOf(config)
      if (host === '' || isLoopback(host) || knowsUsers(config) || config.auth.allowAnonymous) return null
      return (
        `${host} is reached from other machines, and anybody there could publish and subscribe: ` +
        'write a [[user]], set up [jwt], or say auth.allow_anonymous = true'
      )
    },
  }))
}

function knowsAdmins({ user, jwt }: Config): boolean {
  return user.some(({ admin }) => admin) || (verifiesTokens({ jwt }) && jwt.adminRoles.length > 0)
}

function roleIsThere(key: string, namesOf: (config: Config) => readonly string[]): Check {
  return {
    keys: [key],
    broken: (config) => {
      const missing = namesOf(config).find((name) => name !== '' && !config.role.some((role) => role.name === name))
      return missing === undefined ? null : `there is no [[role]] with the name ${JSON.stringify(missing)}`
    },
  }
}

/** Every pair of ports that may be open at the same time. */
function distinctPorts(): Check[] {
  const ports: readonly { key: string; of: (config: Config) => number }[] = [
    { key: 'listen.port', of: ({ listen }) => listen.port },
    { key: 'http2.port', of: ({ http2 }) => (http2.enabled ? http2.port : 0) },
    { key: 'https.port', of: ({ https, tls }) => (https.enabled && tls.certificate !== '' ? https.port : 0) },
    { key: 'admin.port', of: ({ admin }) => (admin.enabled ? admin.port : 0) },
  ]
  return ports.flatMap((one, index) =>
    ports.slice(0, index).map(
      (other): Check => ({
        keys: [one.key, other.key],
        broken: (config) => {
          const port = one.of(config)
          if (port === 0 || port !== other.of(config)) return null
          return `${one.key} and ${other.key} are both ${port}; give each its own`
        },
      }),
    ),
  )
}

function atMost(small: string, large: string, pick: (config: Config) => readonly [number, number]): Check {
  return {
    keys: [small, large],
    broken: (config, key) => {
      const [a, b] = pick(config)
      if (a <= b) return null
      return key === large
        ? `${formatBytes(b)} is less than ${small} (${formatBytes(a)})`
        : `${formatBytes(a)} is more than ${large} (${formatBytes(b)})`
    },
  }
}
