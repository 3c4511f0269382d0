import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Busboy, type BusboyFileStream } from '@fastify/busboy'
import { BufferedWriter } from '../../lib/atomic-file.ts'
import type { Disk } from '../../lib/disk.ts'
import { isSystemError } from '../system-error.ts'

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

/** The name of a file that came without one, as HTTP clients call it. */
const NAMELESS = 'upload'

/** Fields that a form may have beside its file. */
const MOST_FIELDS = 100

/**
 * Streams a form with one file to `path`; memory does not grow with the file. Throws where the disk fails or the
 * client breaks off, and then leaves nothing on disk. Undefined where the request is not a correct multipart form.
 */
export async function receiveUpload(
  incoming: IncomingMessage,
  disk: Disk,
  path: string,
  mostBytes: number,
): Promise<Upload | undefined> {
  const form = openForm(incoming, mostBytes)
  if (!form) return undefined
  const fields = new Map<string, string>()
  let stream: BusboyFileStream | undefined
  let saving: Promise<UploadedFile> | undefined
  const faults: unknown[] = []
  form.on('field', (name, value) => fields.set(name, value))
  // The reader tells what is wrong in a form more than once, and also when the pipeline no longer listens.
  form.on('error', (error) => faults.push(error))
  form.on('file', (_field, content, name) => {
    stream = content
    content.on('error', (error) => faults.push(error))
    saving = saveUpload(content, disk, path, name ?? NAMELESS)
    // The pipeline below fails first; this only keeps the second report of the same fault from being unhandled.
    saving.catch(() => undefined)
  })
  try {
    await pipeline(incoming, form)
    const file = await saving
    if (faults.length > 0) throw faults[0]
    return { fields, file }
  } catch (error) {
    stream?.destroy(error instanceof Error ? error : new Error(String(error)))
    const failure: unknown = await saving?.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    await disk.remove(path)
    if (isSystemError(failure)) throw failure
    if (isSystemError(error)) throw error
    // What is left is what the reader of the form found wrong in it.
    return undefined
  }
}

/** The reader of a form; undefined for a request that says it is none. One byte above the limit is read, not more. */
function openForm(incoming: IncomingMessage, mostBytes: number): InstanceType<typeof Busboy> | undefined {
  const contentType = incoming.headers['content-type']
  if (!contentType?.startsWith('multipart/form-data')) return undefined
  const limits = { files: 1, fields: MOST_FIELDS, fileSize: mostBytes + 1 }
  try {
    // A part without a file name is the file all the same, where it is called so.
    const isPartAFile = (part: string | undefined, _type: string | undefined, name: string | undefined): boolean =>
      name !== undefined || part === 'file'
    return new Busboy({ headers: { ...incoming.headers, 'content-type': contentType }, limits, isPartAFile })
  } catch {
    // A form without a boundary; the route refuses it in the API's own words.
    return undefined
  }
}

/** Streams bytes to `path` and counts them. Throws where the disk fails, once all of them have come. */
export async function saveUpload(
  content: AsyncIterable<Uint8Array>,
  disk: Disk,
  path: string,
  name: string,
): Promise<UploadedFile> {
  const file = await disk.open(path, 'write')
  try {
    const writer = new BufferedWriter(file)
    let lines = 0
    let last = LINE_FEED
    let failure: unknown
    for await (const piece of content) {
      // A client reads the answer only when the server has read all it sends.
      if (failure !== undefined) continue
      lines += countLineFeeds(piece)
      last = piece[piece.length - 1] ?? last
      await writer.writeBytes(piece).catch((error: unknown) => {
        failure = error
      })
    }
    if (failure !== undefined) throw failure
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
