import { z } from 'zod'

/** Bytes of rows that an answer holds, unless said otherwise, and at the most. */
export const USUAL_BYTES = 20_000
const MOST_BYTES = 100_000

/** A run, as agents name it. */
export const RUN = z.string().min(1).describe('Id of the run, the beginning of one, its name, or last.')
/** The token of an offer. */
export const TOKEN = z.string().describe('Token of the plan.')
/** The confirmation of a price. */
export const CONFIRMATION = z
  .string()
  .optional()
  .describe('Only where the tool has answered needs_confirmation: that one.')
/** The size of an answer. */
export const BYTES = z
  .int()
  .min(1_000)
  .max(MOST_BYTES)
  .optional()
  .describe(`Most bytes of rows (default: ${USUAL_BYTES}).`)

/** Only looks. */
export const READING = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }
/** Spends money, which is not undone; clients that ask their user by these hints are to do so. */
export const SPENDING = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true }
