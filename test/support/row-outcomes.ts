import type { Column } from '../../src/model/column.ts'
import type { Outcome } from '../../src/model/outcome.ts'
import { emptyOutcome } from '../../src/model/outcome.ts'
import type { RowOutcome, SettledResult } from '../../src/model/row.ts'
import { type OutputPlan, PLAIN_OUTPUT } from '../../src/model/run.ts'

/** A result that succeeded, with the given parts of its outcome in place of the usual ones. */
export function sampleResult(outcome: Partial<Outcome>, parts: Partial<SettledResult> = {}): SettledResult {
  return {
    outcome: {
      ...emptyOutcome({ status: 'succeeded', code: null, reason: null, billed: 'yes' }),
      output: 'fine',
      finishReason: 'stop',
      usage: { promptTokens: 12, completionTokens: 3, cachedTokens: null, reasoningTokens: null },
      model: 'gpt-6.1-terra-2026-08-07',
      ...outcome,
    },
    target: { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6.1-terra' },
    kind: 'batch',
    boughtFor: 'this_row',
    tries: 1,
    rawLine: null,
    structured: null,
    others: [],
    wireId: 'bnonce0010000000',
    ...parts,
  }
}

/** A row with this place in the run and no result. */
export function sampleRow(ordinal: number, parts: Partial<RowOutcome> = {}): RowOutcome {
  return { ordinal, line: ordinal + 1, id: null, source: null, json: '{}', problem: null, result: null, ...parts }
}

/** Columns whose types are not known. */
export function untyped(...names: readonly string[]): readonly Column[] {
  return names.map((name) => ({ name, type: null }))
}

/** A plan that writes there. */
export function samplePlan(path: string | null, parts: Partial<OutputPlan> = {}): OutputPlan {
  return { ...PLAIN_OUTPUT, path, ...parts }
}

/** The rows in lists of two. */
export async function* inPairs(rows: readonly RowOutcome[]): AsyncIterable<readonly RowOutcome[]> {
  for (let at = 0; at < rows.length; at += 2) yield rows.slice(at, at + 2)
}
