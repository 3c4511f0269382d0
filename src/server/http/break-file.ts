import type { ActiveFaults } from '../faults/injector.ts'
import type { JsonObject } from '../simulate/json.ts'

/** Faults of a file object. */
export function breakFile(faults: ActiveFaults, file: JsonObject): JsonObject {
  const bytes = faults.has('wrong-size') ? Math.max(0, Number(file['bytes']) - 7) : file['bytes']
  const filename = faults.has('renamed') ? 'modified_file.jsonl' : file['filename']
  return { ...file, bytes, filename }
}
