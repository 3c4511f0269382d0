import type { Random } from '../lib/random.ts'
import type { BatchInput } from './provider.ts'

/** The body of an upload, to be sent as it is. */
export interface MultipartBody {
  readonly contentType: string
  /** Exact length of the whole body. */
  readonly bytes: number
  readonly stream: AsyncIterable<Uint8Array>
}

/**
 * A `multipart/form-data` body with text fields and then the file, streamed, with its exact length known before the
 * first byte: a chunked upload would be held in memory by some clients and refused by some servers.
 */
export function multipartBody(
  fields: Readonly<Record<string, string>>,
  input: BatchInput,
  random: Random,
): MultipartBody {
  const boundary = `llm-batch-${Buffer.from(random.bytes(16)).toString('hex')}`
  const head = Buffer.from(
    Object.entries(fields)
      .map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join('') +
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName(input.name)}"\r\n` +
      'Content-Type: application/jsonl\r\n\r\n',
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: head.length + input.bytes + tail.length,
    stream: join(head, input, tail),
  }
}

async function* join(head: Uint8Array, input: BatchInput, tail: Uint8Array): AsyncIterable<Uint8Array> {
  yield head
  yield* input.open()
  yield tail
}

function fileName(name: string): string {
  return name.replace(/["\r\n]/g, (character) => encodeURIComponent(character))
}
