import { dirname, resolve } from 'node:path'
import type { Disk } from '../lib/disk.ts'
import type { ImageFiles } from '../request/images.ts'

/**
 * The image files that rows name. Relative paths are from the folder of the input file, where images usually lie beside
 * their table, and from the working folder for rows from elsewhere. A path is only ever read.
 */
export function imageFilesBeside(disk: Pick<Disk, 'open' | 'size'>, inputPath: string | null): ImageFiles {
  const folder = inputPath === null || inputPath === '-' ? resolve('.') : dirname(resolve(inputPath))
  return {
    size: (path) => disk.size(resolve(folder, path)),
    read: async (path, bytes) => {
      const file = await disk.open(resolve(folder, path), 'read')
      try {
        return await file.read(0, bytes)
      } finally {
        await file.close()
      }
    },
  }
}
