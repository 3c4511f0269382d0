import { fileAnswer } from '../http/content.ts'
import type { ServerContext } from '../http/environment.ts'
import type { RouteContext } from '../http/route-context.ts'
import { findBatch } from './batches.ts'
import { noSuchFile } from './errors.ts'
import { resultBytes, resultIds } from './result-bytes.ts'

/** The file that a batch left, by its name; undefined for another name. */
export function resultFile(route: RouteContext, context: ServerContext, name: string): Response | undefined {
  const [, id] = /^batch-(.+)$/.exec(name) ?? []
  if (id === undefined) return undefined
  const batch = findBatch(route, context, id)
  const { state } = route.simulator
  const isKept = batch?.phase === 'completed' || batch?.phase === 'cancelled'
  if (!batch || !isKept) return noSuchFile(name)
  const bytes = resultIds(batch).reduce((sum, file) => sum + (state.files.get(file)?.bytes ?? 0), 0)
  return fileAnswer(resultBytes(state, batch), bytes, `${name}.jsonl`)
}
