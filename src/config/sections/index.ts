import { admin } from './admin.js'
import { auth } from './auth.js'
import { http } from './http.js'
import { http2 } from './http2.js'
import { https } from './https.js'
import { jwt } from './jwt.js'
import { limits } from './limits.js'
import { listen } from './listen.js'
import { log } from './log.js'
import { memory } from './memory.js'
import { observe } from './observe.js'
import { outbox } from './outbox.js'
import { protocol } from './protocol.js'
import { router } from './router.js'
import { security } from './security.js'
import { server } from './server.js'
import { shutdown } from './shutdown.js'
import { tls } from './tls.js'

/**
 * Every section, in the order of the file. A new one is a file here and a line below: types, loader, environment, flags,
 * config/sluice.toml and the schema follow. Rules that concern two options are in ../checks.ts.
 */
export const SECTIONS = {
  server,
  listen,
  http,
  http2,
  https,
  tls,
  auth,
  jwt,
  security,
  limits,
  admin,
  protocol,
  router,
  outbox,
  memory,
  log,
  observe,
  shutdown,
} as const
