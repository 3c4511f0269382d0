import type { Disk } from '../lib/disk.ts'

/** The same disk for one who only looks: whatever would change a file or a folder rejects with this error. */
export function readOnlyDisk(disk: Disk, refusal: () => Error): Disk {
  const refuse = (): Promise<never> => Promise.reject(refusal())
  return {
    open: (path, mode) => (mode === 'read' ? disk.open(path, mode) : refuse()),
    stream: (path, range) => disk.stream(path, range),
    readText: (path) => disk.readText(path),
    size: (path) => disk.size(path),
    identity: (path) => disk.identity(path),
    isOwn: (path) => disk.isOwn(path),
    list: (path) => disk.list(path),
    freeBytes: (path) => disk.freeBytes(path),
    networkFileSystem: (path) => disk.networkFileSystem(path),
    makeFolder: refuse,
    rename: refuse,
    remove: refuse,
    syncFolder: refuse,
  }
}
