import { boolean, texts } from '../option.js'
import { section } from '../section.js'

export const security = section({
  describe: 'What browsers and proxies may say of who they stand for.',
  reload: 'live',
  options: {
    origins: texts({
      default: ['http://localhost:*', 'http://127.0.0.1:*', 'http://[::1]:*', 'https://localhost:*'],
      describe:
        'Origins whose pages may connect from a browser, by WebSocket and by HTTP (CORS); "https://*.example.net" for every host below, a port of * for any, ["*"] for all. A page that this daemon serves itself always may.',
      reason:
        "A page of anybody's, open in a browser on this machine, could publish here otherwise (cross-site WebSocket hijacking). Pages of this machine are for development.",
      pattern:
        /^(\*|https?:\/\/(\*\.)?[A-Za-z0-9._-]+(:(\d{1,5}|\*))?|https?:\/\/\[[0-9a-fA-F:]+\](:(\d{1,5}|\*))?|[a-z][a-z0-9+.-]*-extension:\/\/[A-Za-z0-9-]+)$/,
      expects: 'a list of origins such as "https://shop.example.net", "https://*.example.net" or "http://localhost:*"',
      lengthMax: 1000,
    }),
    trusted_proxies: texts({
      default: [],
      describe:
        'Addresses and networks (CIDR) of proxies that are believed when they say whom they stand for, by X-Forwarded-For or the PROXY protocol.',
      reason: 'Anybody can write a header: only what stands before the daemon is to be believed.',
      pattern: /^[0-9a-fA-F.:]+(\/\d{1,3})?$/,
      expects: 'a list of addresses and networks such as "10.0.0.0/8" or "::1"',
      lengthMax: 1000,
    }),
    proxy_protocol: boolean({
      reload: 'restart',
      default: false,
      describe:
        "Whether connections of trusted proxies begin with a header of the PROXY protocol, version 2. One that does not is closed. The port of [listen] is then served by Node's streams.",
      reason: 'Without such a proxy in front there is no header.',
    }),
  },
})
