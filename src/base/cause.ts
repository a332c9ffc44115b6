/** What an error of OpenSSL or of the file system says, without its numbers and places in the source. */
export function causeOf(error: unknown): string {
  const { message, reason } = error as Error & { reason?: string }
  if (typeof reason === 'string' && reason !== '') return reason
  // error:0A00018F:SSL routines::ee key too small
  const parts = /^(?:[0-9A-F]+:)?error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(message)
  return parts === null ? message.trim() : parts[1]
}
