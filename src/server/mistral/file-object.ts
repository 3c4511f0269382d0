import type { FileRecord } from '../state/record.ts'

/** What a file is for, in Mistral's word. */
export function sampleType(file: FileRecord): string {
  return file.purpose === 'ocr' ? 'ocr_input' : `batch_${file.kind}`
}

const MIMETYPES: Readonly<Record<string, string>> = {
  jsonl: 'application/jsonl',
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
}

/** The type of a file by the ending of its name. */
export function mimetypeOf(file: FileRecord): string {
  return MIMETYPES[file.name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream'
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
    num_lines: file.purpose === 'ocr' ? null : file.lines,
    mimetype: mimetypeOf(file),
    source: file.kind === 'request' ? 'upload' : 'mistral',
    signature: null,
    expires_at: file.expiresAtMs === null ? null : Math.floor(file.expiresAtMs / 1_000),
    visibility: 'workspace',
  }
}
