import { Bus } from './bus.js'
import type { ConnectOptions } from './options.js'
import type { Runtime } from './runtime.js'

/** What both entries' `connect` do; they differ in the runtime they bring. */
export function connectWith(
  runtimeFor: (urls: readonly string[]) => Runtime,
  url: string | readonly string[],
  options: ConnectOptions,
): Promise<Bus> {
  const urls = typeof url === 'string' ? [url] : url
  if (urls.length === 0) return Promise.reject(new TypeError('no URL to connect to'))
  try {
    return new Bus(runtimeFor(urls), urls, options).start()
  } catch (error) {
    return Promise.reject(error)
  }
}
