/** The nonce of the prompt in a request. */
export function nonceIn(line: string): string {
  return /nonce:([A-Za-z0-9-]+)/.exec(line)?.[1] ?? ''
}
