import type { FileRecord } from '../state/record.ts'

/** What a file is for, in Mistral's word. */
export function sampleType(file: FileRecord): string {
  return `batch_${file.kind}`
}

/** The file as Mistral shows it. */
export function fileObject(file: FileRecord): Record<string, unknown> {
  return {
    id: file.id,
    object: 'file',
    bytes: file.bytes,
    created_at: Math.floor(file.createdAtMs / 1_000),
    filename: file.name,
    purpose: file.purpose,
    sample_type: sampleType(file),
    num_lines: file.lines,
    mimetype: 'application/jsonl',
    source: file.kind === 'request' ? 'upload' : 'mistral',
    signature: null,
    expires_at: file.expiresAtMs === null ? null : Math.floor(file.expiresAtMs / 1_000),
    visibility: 'workspace',
  }
}
