/** What GET /dashboard.json tells a page. */
export interface Directions {
  /** Of the bus. */
  readonly urls: readonly string[]
  /** What opens it; null where nobody is asked who they are. */
  readonly token: string | null
}

/** Whatever is not as it should be is left out. */
export function readDirections(value: unknown): Directions {
  const { bus, token } = (value ?? {}) as { bus?: unknown; token?: { token?: unknown } | null }
  return {
    urls: Array.isArray(bus) ? bus.filter((url): url is string => typeof url === 'string') : [],
    token: typeof token?.token === 'string' ? token.token : null,
  }
}
