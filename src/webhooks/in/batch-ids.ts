import { isJsonObject, parseJson } from '../../lib/json.ts'

/** Longer ids are those of no batch. */
const LONGEST_ID = 512

/** Members of an event's data that name its batch, at one provider or another. */
const NAMING = ['id', 'batch_id', 'name']

/**
 * What may be the id of the batch that an event is about, in the forms in which a home may know it: as it stands there,
 * behind the collection of a resource's name (`batches/abc`), and with a prefix that was left out. Empty where it names
 * nothing.
 */
export function batchIdsIn(body: string, prefix: string): readonly string[] {
  const data = dataOf(body)
  const ids = NAMING.flatMap((member) => {
    const id = data[member]
    return typeof id === 'string' && id !== '' && id.length <= LONGEST_ID ? [id] : []
  })
  return [...new Set(ids.flatMap((id) => [id, id.slice(id.lastIndexOf('/') + 1), `${prefix}${id}`]))]
}

function dataOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const event = parseJson(body)
    return isJsonObject(event) && isJsonObject(event['data']) ? event['data'] : {}
  } catch (error) {
    // A sender may sign what is not JSON; it names no batch.
    if (error instanceof SyntaxError) return {}
    throw error
  }
}
