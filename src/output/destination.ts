import { type BufferedWriter, writeAtomically } from '../lib/atomic-file.ts'
import type { Disk } from '../lib/disk.ts'
import { GzipWriter } from '../lib/gzip.ts'
import { isPacked } from './format.ts'
import { GatheredSink } from './gathered-sink.ts'
import type { ByteSink } from './row-writer.ts'

/** Receiver of answers that do not go to a file, such as standard output. */
export interface TextSink {
  /** Resolves when the sink is ready for more. */
  write(text: string): Promise<void>
}

/** Hands a sink to `write` that leads to a file, packed where its ending says so, or to the sink for `-`. */
export async function into<Result>(
  path: string,
  { disk, sink }: { readonly disk: Disk; readonly sink: TextSink | undefined },
  write: (sink: ByteSink) => Promise<Result>,
): Promise<{ readonly result: Result; readonly bytes: number }> {
  if (path === '-') {
    if (sink === undefined) throw new TypeError('writing to `-` needs a sink')
    return await intoText(sink, write)
  }
  let written: { readonly result: Result; readonly bytes: number } | undefined
  const writeAll = async (writer: BufferedWriter): Promise<void> => {
    const result = await (isPacked(path) ? intoPacked(writer, write) : write(writer))
    written = { result, bytes: writer.position }
  }
  await writeAtomically(disk, path, writeAll, 'share')
  if (written === undefined) throw new TypeError('the file was not written')
  return written
}

async function intoPacked<Result>(file: ByteSink, write: (sink: ByteSink) => Promise<Result>): Promise<Result> {
  const gzip = new GzipWriter((bytes) => file.writeBytes(bytes))
  const gathered = new GatheredSink({
    write: (text) => gzip.write(Buffer.from(text)),
    writeBytes: (bytes) => gzip.write(bytes),
  })
  const result = await write(gathered)
  await gathered.flush()
  await gzip.finish()
  return result
}

async function intoText<Result>(
  sink: TextSink,
  write: (sink: ByteSink) => Promise<Result>,
): Promise<{ readonly result: Result; readonly bytes: number }> {
  let bytes = 0
  const gathered = new GatheredSink({
    async write(text) {
      await sink.write(text)
      bytes += Buffer.byteLength(text)
    },
    async writeBytes() {
      throw new TypeError('only text goes to standard output')
    },
  })
  const result = await write(gathered)
  await gathered.flush()
  return { result, bytes }
}
