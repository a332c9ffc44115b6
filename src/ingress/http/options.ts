/** What the daemon hands to the HTTP API, from its configuration. Bytes and milliseconds. */
export interface HttpOptions {
  /** Bound of a body that holds many events; one event is bounded by the protocol's limits. A body that streams its answer has none. */
  bodyBytesMax: number
  /** A body must be complete, and one that streams its answer must bring something, within this. */
  bodyTimeoutMs: number
  /** Server-sent events carry a comment at least so often. */
  heartbeatMs: number
  /** What a reader of server-sent events may come back for: so long, and so many bytes. */
  resumeTimeMs: number
  resumeBytes: number
}

/** What happened to requests, for metrics. */
export class HttpMeters {
  /** Answers by status. */
  readonly answered = new Map<number, number>()
  /** Requests that ended before they were answered in full. */
  aborted = 0
  /** Streams of events open now, over all carriers. */
  streams = 0
  /** Streams without a reader, which is waited for, now; and bytes that all streams keep to send again, as of the last tick. */
  streamsWaiting = 0
  streamsKeptBytes = 0
  /** Streams that were taken up again by Last-Event-ID, and those that could not be. */
  resumed = 0
  notResumed = 0

  noteAnswered(status: number): void {
    this.answered.set(status, (this.answered.get(status) ?? 0) + 1)
  }
}
