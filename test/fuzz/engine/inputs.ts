import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Inputs as lines of text, so that they can be read and compared: a JSON string where the bytes are UTF-8, else hexadecimal digits. Lines that begin
 * with # and empty lines say nothing.
 */
export function encodeInput(input: Uint8Array): string {
  const text = Buffer.from(input).toString('utf8')
  if (Buffer.from(text).equals(input) && isReadable(text)) return JSON.stringify(text)
  return Buffer.from(input).toString('hex')
}

function isReadable(text: string): boolean {
  let strange = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if ((char < 0x20 && char !== 0x0a) || char >= 0x7f) strange++
  }
  return strange * 4 <= text.length
}

export function decodeInputs(text: string): Buffer[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => (line.startsWith('"') ? Buffer.from(JSON.parse(line) as string) : Buffer.from(line, 'hex')))
}

/** Where the inputs of a target are kept, below the checkout. */
export class Shelf {
  constructor(
    private readonly root: string,
    readonly target: string,
  ) {}

  /** Inputs that reach different code, few and small: part of the project. */
  get corpusPath(): string {
    return join(this.root, 'test/fuzz/corpus', `${this.target}.txt`)
  }

  /** Inputs that something was once wrong with, each with what it was: part of the project. */
  get foundFolder(): string {
    return join(this.root, 'test/fuzz/found', this.target)
  }

  /** What runs on this machine have come upon besides. */
  get workFolder(): string {
    return join(this.root, 'build/fuzz/corpus', this.target)
  }

  corpus(): Buffer[] {
    return existsSync(this.corpusPath) ? decodeInputs(readFileSync(this.corpusPath, 'utf8')) : []
  }

  found(): { name: string; inputs: Buffer[] }[] {
    if (!existsSync(this.foundFolder)) return []
    return readdirSync(this.foundFolder)
      .sort()
      .map((name) => ({ name, inputs: decodeInputs(readFileSync(join(this.foundFolder, name), 'utf8')) }))
  }

  work(): Buffer[] {
    if (!existsSync(this.workFolder)) return []
    return readdirSync(this.workFolder).map((name) => readFileSync(join(this.workFolder, name)))
  }

  /** All of them, each once. */
  all(): Buffer[] {
    const inputs = [...this.corpus(), ...this.found().flatMap(({ inputs }) => inputs), ...this.work()]
    return [...new Map(inputs.map((input) => [digest(input), input])).values()]
  }

  writeCorpus(inputs: readonly Uint8Array[]): void {
    writeText(this.corpusPath, inputs.map((input) => `${encodeInput(input)}\n`).join(''))
  }

  keep(input: Uint8Array): void {
    mkdirSync(this.workFolder, { recursive: true })
    writeFileSync(join(this.workFolder, digest(input)), input)
  }

  /** @returns the file that holds it now */
  writeFound(input: Uint8Array, why: string): string {
    const path = join(this.foundFolder, `${digest(input).slice(0, 12)}.txt`)
    const comment = why
      .split('\n')
      .slice(0, 4)
      .map((line) => `# ${line.replaceAll(this.root, '.').slice(0, 200)}\n`)
      .join('')
    writeText(path, `${comment}${encodeInput(input)}\n`)
    return path
  }
}

export function digest(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex')
}

function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
