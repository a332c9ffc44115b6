// The TOML in the documents is what the daemon takes, the commands are commands, and what is linked is there.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { COMMANDS } from '../../src/cli/commands.js'
import { ENTRIES, formatProblem, loadConfig, TABLE_ENTRIES } from '../../src/config/index.js'
import { filesBelow, ROOT, textOf } from '../house/files.js'

const documents = ['README.md', 'SECURITY.md', ...filesBelow('docs').filter((path) => path.endsWith('.md'))]

interface Piece {
  /** Document and line. */
  readonly place: string
  readonly text: string
}

function piecesOf(pattern: RegExp): Piece[] {
  return documents.flatMap((path) => {
    const text = textOf(path)
    return [...text.matchAll(pattern)].map(({ 1: found, index }) => ({
      place: `${path}:${text.slice(0, index).split('\n').length}`,
      text: found,
    }))
  })
}

t.test('configurations load', async (t) => {
  const examples = piecesOf(/^```toml\n(.*?)^```$/gms)
  t.ok(examples.length > 8, `${examples.length} examples`)
  const wrong = examples.flatMap(({ place, text }) => {
    const loaded = loadConfig({ file: place, text, env: {}, flags: {} })
    return loaded.ok ? [] : loaded.problems.map(formatProblem)
  })
  t.same(wrong, [])
})

t.test('options that are named are options', async (t) => {
  const sections = new Set([...ENTRIES.keys()].map((key) => key.split('.')[0]))
  const named = piecesOf(/`([a-z][a-z0-9]*\.[a-z][a-z_]*)`/g).filter(({ text }) => sections.has(text.split('.')[0]))
  t.ok(named.length > 50, `${named.length} options`)
  const known = new Set([...ENTRIES.keys(), ...TABLE_ENTRIES.keys()])
  t.same(
    named.filter(({ text }) => !known.has(text)).map(({ place, text }) => `${place} ${text}`),
    [],
  )
})

t.test('commands that are shown are commands', async (t) => {
  const names = new Set(['help', ...COMMANDS.map(({ name }) => name)])
  // In tables of measurements the word is a label: "sluice on Node’s streams".
  const shown = piecesOf(/(?:^|`|\| |exec … )(?:npx )?sluice (?!on )([a-z]+)/gm)
  t.ok(shown.length > 20, `${shown.length} commands`)
  t.same(
    shown.filter(({ text }) => !names.has(text)).map(({ place, text }) => `${place} sluice ${text}`),
    [],
  )
})

t.test('links lead somewhere', async (t) => {
  const headings = new Map(documents.map((path) => [path, anchorsOf(textOf(path))]))
  const links = piecesOf(/\]\(([^)\s]+)\)/g).filter(({ text }) => !/^[a-z]+:/.test(text))
  t.ok(links.length > 50, `${links.length} links`)
  const broken = links.filter(({ place, text }) => {
    const [document] = place.split(':')
    const [path, anchor] = text.split('#')
    const target = path === '' ? document : join(dirname(document), path)
    if (!existsSync(join(ROOT, target))) return true
    return anchor !== undefined && headings.has(target) && !headings.get(target)?.has(anchor)
  })
  t.same(
    broken.map(({ place, text }) => `${place} ${text}`),
    [],
  )
})

/** As a Git host makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const titles = [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)].map((match) => match[1])
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}
