import { crc32 } from 'node:zlib'
import { type ByteRange, RangeReader } from '../lib/byte-range.ts'
import type { RequestResult } from '../model/request-result.ts'
import type { LogPorts } from './ports.ts'

/** A request with its raw line, or without one. */
interface Answered {
  readonly result: (Pick<RequestResult, 'file' | 'offset' | 'length' | 'crc32'> & { readonly stem: string }) | null
}

/** Stands for a line whose bytes are not those that were collected: what it said is lost here. */
export const DAMAGED = Symbol('damaged')

/** A raw line as text; null where there is none. */
export type RawLine = string | typeof DAMAGED | null

/**
 * Raw result lines by offset. Providers return lines roughly in the order they were sent, so the lines of neighbouring
 * rows are fetched in a few large reads. Files stay open until the end, there are two to a batch.
 */
export class ResultLines {
  readonly #bytes: RangeReader
  readonly #placeOf: ReturnType<typeof placesIn>

  constructor({ disk, folder }: LogPorts) {
    this.#bytes = new RangeReader(disk)
    this.#placeOf = placesIn(folder)
  }

  /** The raw line of each record, in their order; null where it has none. */
  async of(records: readonly Answered[]): Promise<readonly RawLine[]> {
    const lines = await this.#bytes.of(records.map(({ result }) => result && this.#placeOf(result)))
    return lines.map((line, index) => {
      if (line === null) return null
      return crc32(line) === records[index]?.result?.crc32 ? line.toString('utf8') : DAMAGED
    })
  }

  async close(): Promise<void> {
    await this.#bytes.close()
  }
}

/** Tells where the line of a result lies; null where the provider wrote none. Each file's path is made once. */
export function placesIn(folder: LogPorts['folder']): (result: NonNullable<Answered['result']>) => ByteRange | null {
  const paths = { output: new Map<string, string>(), error: new Map<string, string>() }
  return ({ file, length, offset, stem }) => {
    if (file === null || offset === null || length === null) return null
    const path = paths[file].get(stem) ?? folder.result(stem, file)
    paths[file].set(stem, path)
    return { path, offset, length }
  }
}
