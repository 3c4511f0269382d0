import { dirname, resolve } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import type { Row } from '../model/row.ts'
import type { ImageFiles } from '../request/images/images.ts'

/**
 * The image files that rows name. Relative paths are from the folder of the file that the row stands in, where images
 * usually lie beside their table, and from the working folder for rows from elsewhere. A path is only ever read.
 */
export function imageFilesBeside(disk: Pick<Disk, 'open' | 'size'>, inputPaths: readonly string[] | null): ImageFiles {
  const [only = '-'] = inputPaths ?? []
  const placeOf = (path: string, { file = only }: Pick<Row, 'file'>): string =>
    file === '-' ? resolve(path) : resolve(dirname(resolve(file)), path)
  return {
    size: (path, row) => disk.size(placeOf(path, row)),
    read: async (path, bytes, row) => {
      const file = await disk.open(placeOf(path, row), 'read')
      try {
        return await file.read(0, bytes)
      } finally {
        await file.close()
      }
    },
  }
}
