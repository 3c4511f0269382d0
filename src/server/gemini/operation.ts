import { isJsonObject, type JsonObject, parseJson } from '../../lib/json.ts'
import { splitLines } from '../../lib/jsonl.ts'
import type { RouteContext } from '../http/route-context.ts'
import { type BatchRecord, isFinal, type Phase } from '../state/record.ts'
import { resultBytes } from './result-bytes.ts'

/** The marker under which a batch's name is kept. */
export const NAME_KEY = 'displayName'

/** A cancelled batch has no word of its own before it has ended. */
const STATES: Readonly<Record<Phase, string>> = {
  validating: 'BATCH_STATE_PENDING',
  running: 'BATCH_STATE_RUNNING',
  finalizing: 'BATCH_STATE_RUNNING',
  cancelling: 'BATCH_STATE_RUNNING',
  completed: 'BATCH_STATE_SUCCEEDED',
  failed: 'BATCH_STATE_FAILED',
  expired: 'BATCH_STATE_EXPIRED',
  cancelled: 'BATCH_STATE_CANCELLED',
}

/** Errors of operations that did not succeed, as google.rpc numbers them. */
const ERRORS: Partial<Readonly<Record<Phase, readonly [code: number, message: string]>>> = {
  failed: [3, 'The batch failed.'],
  expired: [4, 'The batch expired before it was processed.'],
  cancelled: [13, 'The batch was cancelled.'],
}

/** A batch as the long-running operation that the API shows. A listing leaves the answers of inline requests out. */
export async function operationOf(
  route: RouteContext,
  batch: BatchRecord,
  { isListed = false }: { readonly isListed?: boolean } = {},
): Promise<JsonObject> {
  const { id, metadata, phase } = batch
  const output = await outputOf(route, batch, isListed)
  const name = metadata?.[NAME_KEY]
  return {
    name: `batches/${id}`,
    metadata: {
      '@type': 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch',
      name: `batches/${id}`,
      model: `models/${batch.model}`,
      ...(name === undefined ? {} : { displayName: name }),
      state: STATES[phase],
      createTime: new Date(batch.createdAtMs).toISOString(),
      updateTime: new Date(Math.max(...Object.values(batch.enteredAtMs))).toISOString(),
      ...(isFinal(phase) ? { endTime: new Date(batch.enteredAtMs[phase] ?? batch.createdAtMs).toISOString() } : {}),
      ...statsOf(batch),
      ...(output ? { output } : {}),
    },
    ...(isFinal(phase) ? { done: true } : {}),
    ...endOf(batch, output),
  }
}

/** How an operation that is done ended. */
function endOf({ phase, problems }: BatchRecord, output: JsonObject | undefined): JsonObject {
  const [code, message] = ERRORS[phase] ?? []
  if (code !== undefined) return { error: { code, message: problems[0]?.message ?? message } }
  if (phase !== 'completed') return {}
  const type = 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatchOutput'
  return { response: { '@type': type, ...output } }
}

/** Counts come late, as texts, and those of zero are left out. */
function statsOf({ failed, phase, succeeded, total }: BatchRecord): JsonObject {
  if (phase === 'validating') return {}
  const counts = {
    requestCount: total,
    successfulRequestCount: succeeded,
    failedRequestCount: failed,
    pendingRequestCount: total - succeeded - failed,
  }
  const told = Object.entries(counts).filter(([, count]) => count > 0)
  return { batchStats: Object.fromEntries(told.map(([name, count]) => [name, String(count)])) }
}

/** What an ended batch left: a file, or the answers themselves. A batch that expired or failed leaves nothing. */
async function outputOf(route: RouteContext, batch: BatchRecord, isListed: boolean): Promise<JsonObject | undefined> {
  const hasResults = batch.phase === 'completed' || batch.phase === 'cancelled'
  if (!hasResults || (batch.outputFileId === null && batch.errorFileId === null)) return undefined
  if (!batch.isInline) return { responsesFile: `files/batch-${batch.id}` }
  if (isListed) return undefined
  const answers: JsonObject[] = []
  for await (const lines of splitLines(resultBytes(route.simulator.state, batch))) {
    for (const { bytes } of lines) answers.push(inlineAnswer(parseJson(Buffer.from(bytes).toString('utf8'))))
  }
  return { inlinedResponses: { inlinedResponses: answers } }
}

function inlineAnswer(line: unknown): JsonObject {
  const { key, ...answer } = isJsonObject(line) ? line : {}
  return key === undefined ? answer : { ...answer, metadata: { key } }
}
