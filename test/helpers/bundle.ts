import { build } from 'esbuild'

/** The browser bundle, built as the package ships it. */
export async function bundleClient(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: ['src/client/browser.ts'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    alias: { msgpackr: './src/client/msgpack-lite.ts' },
    write: false,
    logLevel: 'warning',
  })
  return outputFiles[0].contents
}
