import type { AttemptRecord } from '../store/store.ts'
import type { CollectPorts } from './ports.ts'

/** Requests read from the store at once. */
const PAGE_REQUESTS = 10_000

/** The planned requests of the batch with the tries each has had. */
export async function triesOf(
  ports: Pick<CollectPorts, 'store'>,
  attempt: AttemptRecord,
): Promise<ReadonlyMap<number, number>> {
  const tries = new Map<number, number>()
  let after = -1
  for (;;) {
    const page = await ports.store.requestsOf(attempt.batchKey, after, PAGE_REQUESTS)
    for (const request of page) tries.set(request.ordinal, request.tries)
    const last = page.at(-1)
    if (!last) return tries
    after = last.ordinal
  }
}
