const TIMEOUT_MS = 5000
const BODY_BYTES_MAX = 1024 * 1024

/**
 * Reads a JWKS from where its issuer publishes it. Redirects are not followed: the configuration names the place, and only that is trusted.
 * @throws Error that completes "…: " for the operator
 */
export async function fetchKeySet(url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel()
      throw new Error(`it answered ${response.status}`)
    }
    return await bodyOf(response)
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: Error }
    throw new Error(name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : (cause?.message ?? message))
  }
}

async function bodyOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > BODY_BYTES_MAX) throw new Error(`it is larger than ${BODY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
