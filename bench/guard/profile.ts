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
  readonly bytes: number
  readonly objects: number
}

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

/** Who allocated, the largest first. */
export function sitesOf({ head, objects }: Pick<Allocations, 'head' | 'objects'>): Site[] {
  const found = new Map<string, Site>()
  const visit = (node: SampledNode, stack: readonly SampledNode[]) => {
    const path = [node, ...stack]
    if (node.selfSize > 0) {
      const { owner, name } = placeOf(path)
      const key = `${owner} ${name}`
      const known = found.get(key) ?? { bytes: 0, objects: 0 }
      const more = { bytes: known.bytes + node.selfSize, objects: known.objects + (objects[node.id] ?? 0) }
      found.set(key, { owner, name, ...more })
    }
    for (const child of node.children) visit(child, path)
  }
  visit(head, [])
  return [...found.values()].sort((a, b) => b.bytes - a.bytes)
}

/** What these owners allocated. */
export function sumOf(sites: readonly Site[], ...owners: readonly Owner[]): { bytes: number; objects: number } {
  const theirs = sites.filter(({ owner }) => owners.includes(owner))
  return {
    bytes: theirs.reduce((sum, site) => sum + site.bytes, 0),
    objects: theirs.reduce((sum, site) => sum + site.objects, 0),
  }
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
