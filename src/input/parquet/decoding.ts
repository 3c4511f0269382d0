import type { Compressors, ParquetParsers } from 'hyparquet'
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'

/** Functions of the library that unpack pages and make values of their bytes. */
export interface Decoding {
  readonly compressors: Compressors
  readonly parsers: ParquetParsers
}

/** Loads the decompressors, which only Parquet needs. */
export async function loadDecoding(): Promise<Decoding> {
  const { compressors } = await import('hyparquet-compressors')
  // The only kind of value that the library always converts is the old instant; it is left as it is stored.
  return { compressors, parsers: { ...DEFAULT_PARSERS, timestampFromNanoseconds: (nanos) => nanos } }
}
