import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Busboy, type BusboyFileStream } from '@fastify/busboy'
import { BufferedWriter } from '../../lib/atomic-file.ts'
import type { Disk } from '../../lib/disk.ts'

/** A multipart form whose file lies on disk. */
export interface Upload {
  readonly fields: ReadonlyMap<string, string>
  /** Undefined where the form carried no file. */
  readonly file: UploadedFile | undefined
}

export interface UploadedFile {
  readonly name: string
  readonly path: string
  readonly bytes: number
  /** Lines, a last one without line feed included. */
  readonly lines: number
}

const LINE_FEED = 0x0a

/**
 * Streams a form with one file to `path`; memory does not grow with the file. Throws where the client breaks off,
 * and then leaves nothing on disk. Undefined where the request is no multipart form.
 */
export async function receiveUpload(incoming: IncomingMessage, disk: Disk, path: string): Promise<Upload | undefined> {
  const contentType = incoming.headers['content-type']
  if (!contentType?.startsWith('multipart/form-data')) return undefined
  const form = new Busboy({ headers: { ...incoming.headers, 'content-type': contentType }, limits: { files: 1 } })
  const fields = new Map<string, string>()
  let stream: BusboyFileStream | undefined
  let saving: Promise<UploadedFile> | undefined
  form.on('field', (name, value) => fields.set(name, value))
  form.on('file', (_field, content, name) => {
    stream = content
    saving = save(content, disk, path, name)
    // The pipeline below fails first; this only keeps the second report of the same fault from being unhandled.
    saving.catch(() => undefined)
  })
  try {
    await pipeline(incoming, form)
    return { fields, file: await saving }
  } catch (error) {
    stream?.destroy(error instanceof Error ? error : new Error(String(error)))
    await saving?.catch(() => undefined)
    await disk.remove(path)
    throw error
  }
}

async function save(content: AsyncIterable<Uint8Array>, disk: Disk, path: string, name: string): Promise<UploadedFile> {
  const file = await disk.open(path, 'write')
  try {
    const writer = new BufferedWriter(file)
    let lines = 0
    let last = LINE_FEED
    for await (const piece of content) {
      lines += countLineFeeds(piece)
      last = piece[piece.length - 1] ?? last
      await writer.writeBytes(piece)
    }
    await writer.flush()
    return { name, path, bytes: writer.position, lines: lines + (last === LINE_FEED ? 0 : 1) }
  } finally {
    await file.close()
  }
}

function countLineFeeds(piece: Uint8Array): number {
  let count = 0
  for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, at + 1)) count += 1
  return count
}
