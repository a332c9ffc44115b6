/** What the front page of the admin port tells. */
export interface FrontPage {
  readonly software: string
  /** Where clients connect: what it is for, and its URL. */
  readonly listeners: readonly { readonly name: string; readonly url: string; readonly about: string }[]
  /** What the admin port has, by path. */
  readonly pages: readonly { readonly path: string; readonly about: string }[]
}

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
  h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
  table { border-collapse: collapse; width: 100% }
  td, th { text-align: left; padding: .35rem 1rem .35rem 0; border-bottom: 1px solid #8884; vertical-align: top }
  code { font: .9em ui-monospace, monospace }
`

/** Where everything is. No script, nothing from elsewhere. */
export function renderFrontPage({ software, listeners, pages }: FrontPage): string {
  const ports = listeners.map(
    ({ url, about }) => `<tr><td><code>${escapeHtml(url)}</code></td><td>${escapeHtml(about)}</td></tr>`,
  )
  const tools = pages.map(({ path, about }) => {
    const text = escapeHtml(path)
    return `<tr><td><a href="${text}"><code>${text}</code></a></td><td>${escapeHtml(about)}</td></tr>`
  })
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(software)}</title><meta name="viewport" content="width=device-width"><style>${STYLE}</style></head>
<body>
<h1>${escapeHtml(software)}</h1>
<h2>Where clients connect</h2>
<table>${ports.join('')}</table>
<h2>For operators</h2>
<table>${tools.join('')}</table>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
