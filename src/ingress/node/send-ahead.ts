/**
 * Node's streams pass on what they are given at the end of the turn only, so that nothing written has ever gone at once. Up to so many bytes
 * they are taken to be on their way; more means that the peer does not read as fast. No lane can overtake what is in here, so it is small beside the kernel's buffer.
 */
export const SEND_AHEAD_BYTES = 64 * 1024
