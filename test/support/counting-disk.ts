import type { Disk } from '../../src/lib/disk.ts'

/** The same disk, and how many bytes of files were read through it so far. */
export function countingDisk<Any extends Disk>(disk: Any): { readonly disk: Any; readonly bytes: () => number } {
  let bytes = 0
  const open: Disk['open'] = async (path, mode) => {
    const file = await disk.open(path, mode)
    const read: typeof file.read = async (position, length) => {
      const found = await file.read(position, length)
      bytes += found.length
      return found
    }
    return { read, write: (data) => file.write(data), sync: () => file.sync(), close: () => file.close() }
  }
  const stream: Disk['stream'] = async function* (path, range) {
    for await (const piece of disk.stream(path, range)) {
      bytes += piece.length
      yield piece
    }
  }
  return { disk: { ...disk, open, stream }, bytes: () => bytes }
}
