import { BufferedWriter } from '../../lib/atomic-file.ts'
import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import { splitLines } from '../../lib/jsonl.ts'
import type { BatchRecord, FileRecord } from '../state/record.ts'
import type { Owner, State } from '../state/state.ts'
import type { RouteContext } from './route-context.ts'

/** Keeps requests that came in the create call itself as a hidden file, so that one road executes both kinds. */
export async function storeInline(
  route: RouteContext,
  owner: Owner,
  requests: readonly JsonObject[],
): Promise<FileRecord> {
  const { state, clock } = route.simulator
  const path = state.temporaryPath(`inline-${requests.length}-${clock.monotonic()}`)
  const file = await state.disk.open(path, 'write')
  const writer = new BufferedWriter(file)
  try {
    for (const request of requests) await writer.writeText(`${JSON.stringify(request)}\n`)
    await writer.flush()
  } finally {
    await file.close()
  }
  return await state.addFile(path, {
    ...owner,
    name: 'inline.jsonl',
    purpose: 'batch',
    kind: 'request',
    bytes: writer.position,
    lines: requests.length,
    createdAtMs: clock.now(),
    expiresAtMs: null,
    isHidden: true,
  })
}

/** The result lines of a batch, of both files; held in memory, as the real API holds them in one answer. */
export async function resultsOf(state: State, batch: BatchRecord): Promise<readonly JsonObject[]> {
  const results: JsonObject[] = []
  for (const id of [batch.outputFileId, batch.errorFileId]) {
    if (id === null) continue
    for await (const lines of splitLines(state.disk.stream(state.dataPath(id)))) {
      for (const line of lines) {
        const value: unknown = JSON.parse(Buffer.from(line.bytes).toString())
        if (isJsonObject(value)) results.push(value)
      }
    }
  }
  return results
}
