import type { Clock } from '../../../lib/clock.ts'
import type { Shell } from '../../shell.ts'
import { count } from '../terminal/quantity.ts'

/** When the first line is told; later ones after twice the time each, so that hours have few lines. */
const FIRST_LINE_MS = 1_000

/**
 * Tells a person in a terminal, from the second second on, how many rows were read so far; null without a terminal. The
 * one who reads calls it again and again.
 */
export function readingLine(shell: Shell, clock: Pick<Clock, 'monotonic'>): ((rows: number) => void) | undefined {
  if (shell.terminal === null) return undefined
  const startedAt = clock.monotonic()
  let nextMs = FIRST_LINE_MS
  return (rows) => {
    const passedMs = clock.monotonic() - startedAt
    if (passedMs < nextMs) return
    nextMs = passedMs * 2
    shell.tell(`Reading: ${count(rows)} rows …`)
  }
}
