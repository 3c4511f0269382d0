/** All bytes of a body; undefined where there are more than `most`, or the sender broke off. The rest is not read then. */
export async function readBody(body: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const part of body) {
      bytes += part.byteLength
      if (bytes > most) return undefined
      parts.push(part)
    }
  } catch {
    // Only the connection can fail here, and then no answer reaches its sender.
    return undefined
  }
  return Buffer.concat(parts)
}
