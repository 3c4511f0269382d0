import type { PreparedRow } from '../batching/prepared-row.ts'
import type { PromptReview } from '../request/templates/prompt-review.ts'
import type { Site } from '../workspace/workspace.ts'
import { definitionOf, type NewRunOptions } from './definition.ts'
import { prepareInput } from './prepare.ts'

/** Rows shown unless said otherwise. */
const USUAL_ROWS = 3

/** A row with its request as it would be sent, or with what keeps it from being sent. */
export type FilledRow = PreparedRow

/** Filled prompts, and what was found about the prompt as a whole. */
export interface FilledPrompts {
  readonly rows: readonly FilledRow[]
  readonly review: PromptReview
}

/**
 * The first rows of an input, or those that `sample` draws, as the requests that a run would send. Reads no further than
 * it must, stores nothing, sends nothing and needs no key. Throws what is wrong with the input or the options.
 */
export async function fillPrompts(
  place: Site,
  options: NewRunOptions & { readonly rows?: number | undefined },
): Promise<FilledPrompts> {
  const { configuration, disk } = place
  const most = options.rows ?? options.sample ?? USUAL_ROWS
  const definition = definitionOf(place, options)
  const input = await prepareInput({
    ...options,
    limit: options.sample === undefined ? Math.min(most, options.limit ?? most) : options.limit,
    definition,
    input: { ...options.input, disk },
    provider: await place.describe(definition.provider),
    settings: configuration.settings,
  })
  const rows: FilledRow[] = []
  for await (const list of input.rows) {
    rows.push(...list)
    if (rows.length >= most) break
  }
  return { rows: rows.slice(0, most), review: input.review }
}
