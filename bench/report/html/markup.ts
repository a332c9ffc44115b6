const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand in an element or an attribute, of HTML and of SVG. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character])
}

type Attributes = { readonly [name: string]: string | number | undefined }

/** @param inner markup, not text. Attributes are escaped; absent ones left out; numbers have two decimals at most. */
export function element(name: string, attributes: Attributes, inner = ''): string {
  const words = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : ` ${key}="${typeof value === 'number' ? short(value) : escaped(value)}"`,
  )
  return `<${name}${words.join('')}>${inner}</${name}>`
}

/** For coordinates: two decimals are finer than any screen. */
export function short(value: number): string {
  return String(Math.round(value * 100) / 100)
}
