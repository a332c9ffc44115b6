import type { Command } from '../helpers/command.js'
import { DaemonProcess, type Flags } from '../helpers/daemon.js'
import { EventSourceReader } from '../helpers/event-source.js'
import { Authority } from '../helpers/pki.js'
import { run, start } from './programs.js'

interface Teardown {
  teardown(run: () => unknown): void
}

/** The name that the daemon has in the documents. */
const NAME = 'bus'

export interface Answer {
  /** Of curl: 0 when it went well. */
  code: number | null
  status: number
  /** '1.1' or '2'. */
  http: string
  type: string
  body: string
  stderr: string
}

/** A daemon with a certificate for `bus`, and curl that trusts it and knows where `bus` is. */
export class CurlRig {
  private constructor(
    private readonly t: Teardown,
    readonly daemon: DaemonProcess,
    private readonly authority: Authority,
  ) {}

  static async start(t: Teardown, flags: Flags = {}): Promise<CurlRig> {
    const authority = new Authority(t)
    const { certFile, keyFile } = authority.issue({ names: `DNS:${NAME},IP:127.0.0.1` })
    const daemon = await DaemonProcess.start(t, { 'tls.certificate': certFile, 'tls.key': keyFile, ...flags })
    return new CurlRig(t, daemon, authority)
  }

  /** With TLS, as in the documents. */
  get https(): string {
    return `https://${NAME}:${new URL(this.daemon.httpsUrl).port}`
  }

  /** The port of [http2], without TLS. */
  get http2(): string {
    return `http://${NAME}:${new URL(this.daemon.http2Url).port}`
  }

  /** The port of [listen]. */
  get listen(): string {
    return `http://${NAME}:${this.daemon.port}`
  }

  /** Runs curl to its end. */
  async curl(...words: string[]): Promise<Answer> {
    const form = '\n%{response_code} %{http_version} %{content_type}'
    const { code, stdout, stderr } = await run(this.t, 'curl', [...this.common, '--write-out', form, ...words])
    const end = stdout.lastIndexOf('\n')
    const [status, http, ...type] = stdout.slice(end + 1).split(' ')
    return { code, status: Number(status), http, type: type.join(' '), body: stdout.slice(0, end), stderr }
  }

  /** Starts a curl that goes on until somebody ends it. */
  streaming(...words: string[]): Command {
    return start(this.t, 'curl', [...this.common, '--no-buffer', ...words])
  }

  private get common(): string[] {
    const ports = [this.https, this.http2, this.listen].map((url) => new URL(url).port)
    const hosts = ports.flatMap((port) => ['--resolve', `${NAME}:${port}:127.0.0.1`])
    return ['--silent', '--show-error', '--max-time', '60', '--cacert', this.authority.caFile, ...hosts]
  }
}

/** What a curl has received so far of a stream of server-sent events. */
export function readEvents(curl: Command): EventSourceReader {
  const reader = new EventSourceReader()
  reader.feed(new TextEncoder().encode(curl.stdout))
  return reader
}
