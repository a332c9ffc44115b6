import type { Allocations, SampledNode } from './questions.js'

/**
 * Whose an allocation is: that of the nearest of our functions on the stack.
 * - core: an event's way through src/core and src/protocol, with what these call, such as the clock and the turns that the daemon hands to them
 * - ingress: src/ingress, which pays by message or by chunk
 * - engine: uWebSockets.js and Node, by themselves or called by an ingress
 * - watching: what goes on once a second, whatever comes
 * - runtime: compiling, collecting, the guard itself
 */
export const OWNERS = ['core', 'ingress', 'engine', 'watching', 'runtime'] as const
export type Owner = (typeof OWNERS)[number]

export interface Site {
  readonly owner: Owner
  /** The function that allocated, and the one of ours that called it, if that is another. */
  readonly name: string
  /** Of the objects. */
  readonly bytes: number
  readonly objects: number
  /** Numbers in boxes: which ones are boxed is up to what the compiler inlines, so they are counted apart. */
  readonly numbers: number
}

/** A number in a box: a word that says so, and the number. */
export const NUMBER_BYTES = 16

const SOURCE = /\/src\/((\w+)\/.*)\.js$/
const GUARD = /\/bench\/guard\//
const OWNER_OF_FOLDER: { readonly [folder: string]: Owner } = {
  base: 'core',
  protocol: 'core',
  core: 'core',
  ingress: 'ingress',
  observe: 'watching',
  security: 'ingress',
  daemon: 'core',
}
/** What V8 calls stacks without a frame: native code, which for us is uWebSockets.js, and its own work. */
const NATIVE = ['(V8 API)', '(EXTERNAL)', '(root)', '(JS)', '']
const RUNTIME = /^\((GC|PARSER|BYTECODE_COMPILER|COMPILER|OTHER|IDLE|LOGGING|IDLE_EXTERNAL|ATOMICS_WAIT)\)$/

/** Who allocated, the most objects first. */
export function sitesOf({ head, counts }: Pick<Allocations, 'head' | 'counts'>): Site[] {
  const found = new Map<string, Site>()
  const visit = (node: SampledNode, stack: readonly SampledNode[]) => {
    const path = [node, ...stack]
    const here = counts[node.id]
    if (here !== undefined) {
      const { owner, name } = placeOf(path)
      const key = `${owner} ${name}`
      const known = found.get(key) ?? { bytes: 0, objects: 0, numbers: 0 }
      found.set(key, {
        owner,
        name,
        bytes: known.bytes + node.selfSize - here.numbers * NUMBER_BYTES,
        objects: known.objects + here.objects,
        numbers: known.numbers + here.numbers,
      })
    }
    for (const child of node.children) visit(child, path)
  }
  visit(head, [])
  return [...found.values()].sort((a, b) => b.bytes - a.bytes || b.numbers - a.numbers)
}

export type Sum = Pick<Site, 'bytes' | 'objects' | 'numbers'>

/** What these owners allocated. */
export function sumOf(sites: readonly Site[], ...owners: readonly Owner[]): Sum {
  const sum = { bytes: 0, objects: 0, numbers: 0 }
  for (const site of sites) {
    if (!owners.includes(site.owner)) continue
    sum.bytes += site.bytes
    sum.objects += site.objects
    sum.numbers += site.numbers
  }
  return sum
}

/** @param path from what allocated to the root */
function placeOf(path: readonly SampledNode[]): Pick<Site, 'owner' | 'name'> {
  const [leaf] = path
  const { functionName, url } = leaf.callFrame
  const name = url === '' ? functionName || '(root)' : labelOf(leaf)
  const nearest = path.find(({ callFrame }) => SOURCE.test(callFrame.url) || GUARD.test(callFrame.url))
  if (RUNTIME.test(functionName) || (nearest !== undefined && GUARD.test(nearest.callFrame.url))) {
    return { owner: 'runtime', name }
  }
  if (nearest === undefined) {
    const isNode = path.some((node) => node.callFrame.url !== '')
    return { owner: isNode || NATIVE.includes(functionName) ? 'engine' : 'runtime', name }
  }
  if (path.some((node) => folderOf(node) === 'observe')) return { owner: 'watching', name }
  const owner = OWNER_OF_FOLDER[folderOf(nearest)] ?? 'watching'
  if (nearest === leaf) return { owner, name }
  return { owner: owner === 'ingress' ? 'engine' : owner, name: `${name} < ${labelOf(nearest)}` }
}

function folderOf({ callFrame }: SampledNode): string {
  return SOURCE.exec(callFrame.url)?.[2] ?? ''
}

function labelOf({ callFrame }: SampledNode): string {
  const { functionName, url, lineNumber } = callFrame
  const file = SOURCE.exec(url)?.[1] ?? url.replace(/^.*\/node_modules\//, '')
  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`
}
