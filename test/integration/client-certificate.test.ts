import t from 'tap'
import { connect } from '../../src/client/index.js'
import { Code } from '../../src/protocol/codes.js'
import { opensslMissing } from '../helpers/certificates.js'
import { Command } from '../helpers/command.js'
import { Authority } from '../helpers/pki.js'
import { Secured } from '../helpers/secured.js'

t.test(
  'a client certificate is a user, by WebSocket, HTTP/2 and from the command line',
  { skip: opensslMissing },
  async (t) => {
    const authority = new Authority(t)
    const own = authority.issue()
    const shop = authority.issue({ subject: '/O=Acme/CN=shop-eu' })
    const nobody = authority.issue({ subject: '/O=Acme/CN=nobody' })
    const { daemon } = await Secured.start(
      t,
      `
[tls]
certificate = "${own.certFile}"
key = "${own.keyFile}"
client_ca = "${authority.caFile}"
[auth]
timeout = "60s"
[[role]]
name = "shop"
publish = ["orders.>"]
[[user]]
name = "shop-eu"
role = "shop"
certificate_subjects = ["CN=shop-eu,O=Acme"]
`,
    )
    for (const url of [daemon.httpsUrl, daemon.httpsUrl.replace('https', 'wss')]) {
      const codes: number[] = []
      const publish = async (tls: object, topic: string): Promise<number> => {
        const onStatus = (status: { type: string; code?: number }): void => {
          if (status.type === 'error') codes.push(status.code ?? 0)
        }
        const bus = await connect(url, { tls: { ca: authority.ca, ...tls }, onStatus })
        bus.publish(topic, 1)
        const { accepted } = await bus.sync()
        await bus.close()
        return accepted
      }
      const as = ({ cert, key }: { cert: string; key: string }) => ({ cert, key })
      t.equal(await publish(as(shop), 'orders.eu'), 1, url)
      t.equal(await publish(as(shop), 'prices'), 0)
      t.equal(await publish(as(nobody), 'orders.eu'), 0)
      t.equal(await publish({}, 'orders.eu'), 0)
      t.same(codes, [Code.NOT_PERMITTED, Code.UNAUTHENTICATED, Code.UNAUTHENTICATED])
    }
    const words = ['pub', 'orders.eu', '1', '--url', daemon.httpsUrl, '--ca', authority.caFile]
    const shown = await Command.run(t, [...words, '--client-cert', shop.certFile, '--client-key', shop.keyFile])
    t.equal(shown.code, 0, shown.stderr)
    const half = await Command.run(t, [...words, '--client-cert', shop.certFile])
    t.match(half.stderr, /--client-cert and --client-key go together/)
  },
)
