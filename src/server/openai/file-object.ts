import type { FileRecord } from '../state/record.ts'

/** The file as OpenAI shows it. */
export function fileObject(file: FileRecord): Record<string, unknown> {
  return {
    object: 'file',
    id: file.id,
    purpose: file.purpose,
    filename: file.name,
    bytes: file.bytes,
    created_at: Math.floor(file.createdAtMs / 1_000),
    expires_at: file.expiresAtMs === null ? null : Math.floor(file.expiresAtMs / 1_000),
    status: 'processed',
    status_details: null,
  }
}
