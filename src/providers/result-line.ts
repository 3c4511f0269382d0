import { z } from 'zod'
import type { Outcome } from '../model/outcome.ts'
import { rowOutcome } from './row-outcome.ts'

/** The line of OpenAI's result files, which Mistral's and most compatible servers' lines follow. */
const lineSchema = z.object({
  custom_id: z.string().min(1),
  response: z.object({ status_code: z.unknown().optional(), body: z.unknown().optional() }).nullish().catch(null),
  error: z.unknown().optional(),
})

/**
 * A result line of the output or the error file. Undefined where it is not JSON or carries no id as text: ids are
 * compared exactly and never guessed. Never throws.
 */
export function decodeResultLine(
  line: string,
  endpoint: string,
  secrets: readonly string[],
): { readonly wireId: string; readonly outcome: Outcome } | undefined {
  const parsed = lineSchema.safeParse(parseLine(line))
  if (!parsed.success) return undefined
  const { custom_id: wireId, error, response } = parsed.data
  const answer = { status: statusOf(response?.status_code), body: response?.body, error, source: line }
  return { wireId, outcome: rowOutcome(endpoint, answer, secrets) }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // A line that is no JSON is counted by the caller, which keeps its bytes.
    return undefined
  }
}

function statusOf(value: unknown): number | null {
  const status = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof status === 'number' && Number.isInteger(status) ? status : null
}
