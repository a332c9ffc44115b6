const ATTEMPTS_MAX = 2000

/** A shorter input that `fails` as well, made by taking away parts, the larger ones first. */
export function shrink(input: Buffer, fails: (input: Buffer) => boolean): Buffer {
  let shortest = Buffer.from(input)
  let attempts = 0
  for (let part = shortest.length >> 1; part >= 1; part >>= 1) {
    for (let at = 0; at + part <= shortest.length && attempts < ATTEMPTS_MAX; attempts++) {
      const shorter = Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + part)])
      if (fails(Buffer.from(shorter))) shortest = shorter
      else at += part
    }
  }
  return shortest
}
