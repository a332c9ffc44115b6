import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../helpers/until.js'
import { start } from './programs.js'

interface Teardown {
  teardown(run: () => unknown): void
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/**
 * nginx before the daemon, as the documents say: nothing is buffered. It leads a life of its own in a temporary folder.
 * @param location more of the location's settings
 * @returns its address
 */
export async function startNginx(t: Teardown, upstream: string, location = ''): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-nginx-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, name))
  const port = await freePort()
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      ${location}
    }
  }
}
`,
  )
  const nginx = start(t, 'nginx', ['-p', folder, '-c', config])
  const url = `http://127.0.0.1:${port}`
  await until('nginx listens', async () => {
    if (!nginx.isRunning) throw new Error(`nginx: ${nginx.stderr}`)
    return fetch(`${url}/`).then(
      () => true,
      () => false,
    )
  })
  return url
}
