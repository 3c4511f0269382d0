import type { JsonObject } from '../../lib/json.ts'
import type { ActiveFaults } from '../faults/injector.ts'

/** Faults of a file object. */
export function breakFile(faults: ActiveFaults, file: JsonObject): JsonObject {
  const difference = Number(faults.argument('wrong-size') ?? 0)
  const bytes = difference === 0 ? file['bytes'] : Math.max(0, Number(file['bytes']) + difference)
  const filename = faults.has('renamed') ? 'modified_file.jsonl' : file['filename']
  return { ...file, bytes, filename }
}
