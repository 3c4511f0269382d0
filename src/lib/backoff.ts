/** Growth of waits: from `firstMs`, times `factor` each time, never above `mostMs`. */
export interface Backoff {
  readonly firstMs: number
  readonly factor: number
  readonly mostMs: number
}

/**
 * The wait before try number `count` (from 0), spread by up to 20 % either way so that many clients do not call in
 * step. `fraction` is a random number in [0, 1).
 */
export function backoffMs(backoff: Backoff, count: number, fraction: number): number {
  const grown = Math.min(backoff.mostMs, backoff.firstMs * backoff.factor ** Math.min(count, 60))
  return Math.round(grown * (0.8 + 0.4 * fraction))
}
