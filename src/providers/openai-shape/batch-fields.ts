import { z } from 'zod'
import type { RemoteBatch } from '../provider.ts'

/** A safe integer: anything larger could not be kept. */
const count = z.int().nonnegative()
const countsSchema = z.object({ total: count, completed: count, failed: count })

/** Counts for display; null where any is absent or no number. */
export function countsOf(total: unknown, completed: unknown, failed: unknown): RemoteBatch['counts'] {
  return countsSchema.safeParse({ total, completed, failed }).data ?? null
}

/** Markers as they came back; a value other than text was not ours. */
export const metadataSchema = z
  .record(z.string(), z.unknown())
  .nullish()
  .catch(null)
  .transform(
    (metadata): Readonly<Record<string, string>> =>
      Object.fromEntries(
        Object.entries(metadata ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
      ),
  )

/** A list of anything, where servers also write null, or one thing alone. */
export const looseListSchema = z
  .unknown()
  .optional()
  .transform((value): readonly unknown[] => {
    if (value === undefined || value === null) return []
    return Array.isArray(value) ? value : [value]
  })
