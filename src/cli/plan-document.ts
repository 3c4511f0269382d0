import type { PlannedRun } from '../run/plan-run.ts'
import type { PlanSummary } from './render/plan-view.ts'

/** What `plan` shows to people. */
export function planView({ collisions, definition, firstBody, freeBytes, problems, summary }: PlannedRun): PlanSummary {
  const { cost, targets } = summary
  return {
    input: definition.inputPath === '-' ? 'standard input' : (definition.inputPath ?? 'rows in memory'),
    rows: summary.rows,
    skippedRows: summary.problems,
    emptyRows: summary.emptyPlaceholders,
    requests: summary.requests,
    targets,
    promptTokens: summary.tokens,
    mostCompletionTokens: definition.maxTokens === null ? null : definition.maxTokens * summary.requests,
    costUsd: cost === null || cost.mostOutputUsd === null ? null : cost.inputUsd + cost.mostOutputUsd,
    diskBytes: summary.diskBytes,
    freeBytes,
    firstPrompt: firstBody === null ? null : promptOf(firstBody),
    problems: problems.first,
    problemCount: problems.total,
    notes: [
      ...collisions.map((column) => `the input has a column ${column}, which is named like one of ours: see --prefix`),
      ...(cost !== null && cost.mostOutputUsd === null
        ? [
            `the input costs about $${cost.inputUsd.toPrecision(2)}; with --max-tokens the most for answers is known too`,
          ]
        : []),
      ...(summary.diskBytes > freeBytes ? ['the disk has not enough room for this run'] : []),
    ],
  }
}

/** The same for `--json`. */
export function planDocument(planned: PlannedRun): object {
  const { collisions, definition, firstBody, freeBytes, problems, summary } = planned
  return {
    version: 1,
    definition,
    ...summary,
    problemRows: summary.problems,
    problems: { total: problems.total, first: problems.first },
    collisions,
    freeBytes,
    firstRequest: firstBody === null ? null : (JSON.parse(firstBody) as unknown),
  }
}

/** The messages of a chat body as text, or the body itself where it has none. */
function promptOf(body: string): string {
  const { messages } = JSON.parse(body) as { readonly messages?: unknown }
  if (!Array.isArray(messages)) return body
  return messages.map(messageText).join('\n')
}

function messageText(message: unknown): string {
  const { content, role } = message as { readonly content?: unknown; readonly role?: unknown }
  return `${String(role)}: ${typeof content === 'string' ? content : JSON.stringify(content)}`
}
