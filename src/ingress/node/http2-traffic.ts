/** Bytes that a connection may always send beside heads, bodies and what our own bytes call for: at once, and each second. */
const BURST_BYTES = 64 * 1024
const BYTES_PER_SECOND = 16 * 1024
/** A frame header (RFC 9113, 4.1), and what HPACK may need beside the characters of one header. */
const FRAME_BYTES = 9
const HEADER_BYTES = 8
/** The share of the bytes still expected on cut bodies that is forgotten with each look. */
const EXPECTED_DECAY = 0.5

/**
 * Weighs what a connection sends against what came of it. node:http2 tells nothing of window updates, unknown frames, padding, header blocks that are
 * thrown away or bodies in crumbs; they all show as bytes that were read and became neither heads nor bodies.
 */
export class Http2Traffic {
  /** Bytes of the last look that nothing came of. */
  unexplained = 0
  private useful = 0
  /** Bytes that may still come on bodies that we have cut. */
  private expected = 0
  private credit = BURST_BYTES
  private read = 0
  private written = 0

  head(rawHeaders: readonly string[]): void {
    let bytes = FRAME_BYTES + rawHeaders.length * (HEADER_BYTES / 2)
    for (let i = 0; i < rawHeaders.length; i++) bytes += rawHeaders[i].length
    this.useful += bytes
  }

  /** Part of a body. A frame must not cost more than it carries. */
  body(bytes: number): void {
    this.useful += bytes + Math.min(bytes, FRAME_BYTES)
  }

  /** @param window what the peer may have sent before it learns of it */
  bodyCut(window: number): void {
    this.expected += window
  }

  /**
   * @param read bytes read from the socket, since it was opened; `written` likewise
   * @param elapsedMs since the last look
   * @returns whether it is still worth its bytes
   */
  look(read: number, written: number, elapsedMs: number): boolean {
    let rest = Math.max(0, read - this.read - this.useful - (written - this.written))
    this.read = read
    this.written = written
    this.useful = 0
    this.unexplained = rest
    const forgiven = Math.min(rest, this.expected)
    rest -= forgiven
    this.expected = (this.expected - forgiven) * EXPECTED_DECAY
    this.credit = Math.min(BURST_BYTES, this.credit + (BYTES_PER_SECOND * elapsedMs) / 1000) - rest
    return this.credit >= 0
  }
}
