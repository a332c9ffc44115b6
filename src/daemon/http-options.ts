import type { Config } from '../config/index.js'
import type { HttpOptions } from '../ingress/http/options.js'

export function httpOptions({ http }: Config): HttpOptions {
  return {
    bodyBytesMax: http.bodyBytesMax,
    bodyTimeoutMs: http.bodyTimeoutMs,
    heartbeatMs: http.heartbeatMs,
    resumeTimeMs: http.resumeTimeMs,
    resumeBytes: http.resumeBytes,
  }
}
