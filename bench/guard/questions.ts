/** What the guard asks of the module that it has put into the daemon, over IPC. */
export type Question = 'watch' | 'allocations' | 'count copies' | 'copies'

/** A function as it was called from the one above it, and what was allocated in it (Chrome DevTools Protocol, HeapProfiler.SamplingHeapProfileNode). */
export interface SampledNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  /** Bytes. */
  readonly selfSize: number
  readonly children: readonly SampledNode[]
}

/** HeapProfiler.SamplingHeapProfile. */
export interface SampledProfile {
  readonly head: SampledNode
  readonly samples: readonly { readonly size: number; readonly nodeId: number }[]
}

export interface Counts {
  /** Numbers that did not fit where they were to be kept. */
  readonly numbers: number
  /** Everything else. */
  readonly objects: number
}

/** Between `watch` and `allocations`, on the routing thread. */
export interface Allocations {
  /** By function. */
  readonly head: SampledNode
  /** How many things of which kind, by a node's id. */
  readonly counts: { readonly [node: number]: Counts }
  /** All of it: growth of the heap, with what collections took away. */
  readonly bytes: number
  readonly collections: number
}

/** Between `count copies` and `copies`: bytes by what copied them. */
export type Copies = { readonly [by: string]: number }

export type Reply = { readonly allocations: Allocations } | { readonly copies: Copies } | { readonly done: true }
