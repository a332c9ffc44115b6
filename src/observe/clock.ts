/** What is to be added to this thread's performance.now(), which begins with the thread, to get the clock that all threads share. */
const offsetMs = hrtimeMs() - performance.now()

/** Milliseconds of a monotonic clock that is the same in every thread of the process. */
export function sharedNow(): number {
  return performance.now() + offsetMs
}

function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
