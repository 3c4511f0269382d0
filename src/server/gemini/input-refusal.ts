import { isJsonObject } from '../../lib/json.ts'
import { splitLines } from '../../lib/jsonl.ts'
import { parseRequestLine } from '../batch/request-line.ts'
import type { RouteContext } from '../http/route-context.ts'
import { promptOf, tokensOf } from '../simulate/prompt.ts'
import { isFinal } from '../state/record.ts'
import type { Owner } from '../state/state.ts'
import { geminiError } from './errors.ts'
import { GEMINI_SHAPE } from './shape.ts'

/** The API reads the whole input when a batch is created: a bad line, or a full queue, refuses the create itself. */
export async function inputRefusal(
  { simulator }: RouteContext,
  owner: Owner,
  { fileId, model }: { readonly fileId: string; readonly model: string },
): Promise<Response | undefined> {
  const { overrides, state } = simulator
  let tokens = 0
  let lineNumber = 0
  for await (const lines of splitLines(state.disk.stream(state.dataPath(fileId)))) {
    for (const line of lines) {
      lineNumber += 1
      const request = parseRequestLine(line)?.['request']
      const read = isJsonObject(request) ? GEMINI_SHAPE.request(request, model) : undefined
      if (!read) return geminiError(400, `Failed to parse line ${lineNumber} of the input file.`)
      if ('refused' in read) return geminiError(400, `Line ${lineNumber} of the input file: ${read.refused.message}`)
      tokens += tokensOf(promptOf(read.chat))
    }
  }
  if (lineNumber === 0) return geminiError(400, 'The input file is empty.')
  if (lineNumber > (overrides.maxRequests ?? Number.POSITIVE_INFINITY)) {
    return geminiError(400, `The input file has more than ${overrides.maxRequests} requests.`)
  }
  const limit = overrides.queueTokens
  if (limit === undefined) return undefined
  const open = [...state.batches.values()].filter((batch) => isSame(batch, owner, model) && !isFinal(batch.phase))
  const queued = open.reduce((sum, batch) => sum + batch.queuedTokens, 0)
  if (queued + tokens <= limit) return undefined
  return geminiError(
    429,
    `You exceeded your current quota of enqueued batch tokens for ${model}. Please try again later.`,
  )
}

function isSame(batch: Owner & { readonly model: string | null }, owner: Owner, model: string): boolean {
  return batch.dialect === owner.dialect && batch.account === owner.account && batch.model === model
}
