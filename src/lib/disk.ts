import { constants, readFileSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { prefetch } from './prefetch.ts'

/** One open file. Positions and lengths are bytes. */
export interface DiskFile {
  /** Appends at the end; resolves when all bytes were handed to the system. */
  write(bytes: Uint8Array): Promise<void>
  /** Reads exactly `length` bytes at `position`; fewer only at the end of the file. */
  read(position: number, length: number): Promise<Uint8Array>
  /** Forces what was written to stable storage. A failure is fatal for the file: never try again on it. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** Range and manner of reading a file. */
export interface ReadRange {
  /** @default 0 */
  readonly start?: number
  /** The first byte that is not read. @default the end of the file */
  readonly end?: number
  /** Bytes of a piece at the most. @default 1 MiB */
  readonly chunkBytes?: number
  /** A piece is valid only until the next one is asked for, because all lie in the same memory. @default false */
  readonly isReused?: boolean
}

/** Manner of opening a file. */
export type OpenMode = 'read' | 'write' | 'append' | 'share'

/** The one way to the file system; injected, so that simulations can lose power. */
export interface Disk {
  /** True where files of the user are read as `systemDisk` reads them, so that another thread can, too. @default false */
  readonly isOfSystem?: boolean
  /** Makes the folder and its parents, mode 0700; may be repeated. */
  makeFolder(path: string): Promise<void>
  /**
   * Opens a file: `read`, or `write` (created empty, mode 0600), or `append` (created when absent, mode 0600), or `share`
   * (as `write`, but readable by whom the user's umask lets read it).
   */
  open(path: string, mode: OpenMode): Promise<DiskFile>
  /** The bytes of a file in pieces; the next piece is read while one is worked on. */
  stream(path: string, range?: ReadRange): AsyncIterable<Uint8Array>
  /** The whole of a small file as UTF-8; undefined where it does not exist. */
  readText(path: string): Promise<string | undefined>
  /** Bytes of a file, or undefined where it does not exist or is not a file. */
  size(path: string): Promise<number | undefined>
  /**
   * What a path leads to, the same text for every spelling of it, links followed (device and inode); undefined where
   * there is nothing.
   */
  identity(path: string): Promise<string | undefined>
  /** False where another user of the machine made what is there. True where the system does not tell. */
  isOwn(path: string): Promise<boolean>
  /** The names in a folder, sorted; empty where it does not exist. */
  list(path: string): Promise<readonly string[]>
  /** Replaces `to`; atomic within one file system. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file or a folder with all in it; absent is fine. */
  remove(path: string): Promise<void>
  /** Forces a folder's entries (creations, renames) to stable storage. */
  syncFolder(path: string): Promise<void>
  /** Bytes free for us on the file system that holds the path. */
  freeBytes(path: string): Promise<number>
  /** The name of the network file system that holds the path, or undefined for a local one. */
  networkFileSystem(path: string): Promise<string | undefined>
}

const DEFAULT_CHUNK_BYTES = 1 << 20

/** Asked of the system at once, at least: each read takes a turn of another thread, whatever its length. */
const READ_BYTES = 1 << 19

/** File system magic numbers of network file systems, from statfs(2) on Linux. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x0187, 'autofs'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
])

const FLAGS = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
  share: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
  append: constants.O_RDWR | constants.O_CREAT | constants.O_APPEND,
} as const

/**
 * Reads a file piece by piece, several with one call of the system; reused memory is two reads in turn, because one is filled
 * while the last piece of the other is worked on.
 */
async function* readPieces(
  path: string,
  { start = 0, end = Number.POSITIVE_INFINITY, chunkBytes = DEFAULT_CHUNK_BYTES, isReused }: ReadRange = {},
): AsyncIterable<Buffer> {
  const handle = await fs.open(path, 'r')
  const readBytes = Math.max(chunkBytes, READ_BYTES)
  const turns = isReused ? [Buffer.allocUnsafeSlow(readBytes), Buffer.allocUnsafeSlow(readBytes)] : []
  try {
    let position = start
    for (let turn = 0; position < end; turn += 1) {
      const length = Math.min(readBytes, end - position)
      const buffer = turns[turn % 2] ?? Buffer.allocUnsafeSlow(length)
      const { bytesRead } = await handle.read(buffer, 0, length, position)
      if (bytesRead === 0) return
      position += bytesRead
      for (let from = 0; from < bytesRead; from += chunkBytes) {
        yield buffer.subarray(from, Math.min(from + chunkBytes, bytesRead))
      }
    }
  } finally {
    await handle.close()
  }
}

/** The machine's file system. */
export const systemDisk: Disk = {
  isOfSystem: true,

  async makeFolder(path) {
    await fs.mkdir(path, { recursive: true, mode: 0o700 })
  },

  async open(path, mode) {
    return diskFile(await fs.open(path, FLAGS[mode], mode === 'share' ? 0o666 : 0o600))
  },

  stream: (path, range) => prefetch(readPieces(path, range)),

  async readText(path) {
    try {
      return await fs.readFile(path, 'utf8')
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  },

  async size(path) {
    try {
      const stats = await fs.stat(path)
      return stats.isFile() ? stats.size : undefined
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  },

  async identity(path) {
    try {
      const stats = await fs.stat(path, { bigint: true })
      return `${stats.dev}:${stats.ino}`
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  },

  async isOwn(path) {
    const user = process.getuid?.()
    return user === undefined || (await fs.stat(path)).uid === user
  },

  async list(path) {
    try {
      return (await fs.readdir(path)).sort()
    } catch (error) {
      if (isAbsent(error)) return []
      throw error
    }
  },

  async rename(from, to) {
    await fs.rename(from, to)
  },

  async remove(path) {
    // Another process may look for a lock in a folder that is on its way out.
    await fs.rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
  },

  async syncFolder(path) {
    // Windows has no handle on a folder to sync; its journal orders renames by itself.
    if (process.platform === 'win32') return
    const handle = await fs.open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },

  async freeBytes(path) {
    const stats = await fs.statfs(path)
    return stats.bavail * stats.bsize
  },

  async networkFileSystem(path) {
    if (process.platform !== 'linux') return undefined
    const stats = await fs.statfs(path)
    return NETWORK_FILE_SYSTEMS.get(stats.type >>> 0)
  },
}

function diskFile(handle: fs.FileHandle): DiskFile {
  return {
    async write(bytes) {
      let written = 0
      while (written < bytes.length) {
        const result = await handle.write(bytes, written, bytes.length - written)
        written += result.bytesWritten
      }
    },
    async read(position, length) {
      const buffer = Buffer.allocUnsafeSlow(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return buffer.subarray(0, filled)
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  }
}

/** The whole of a file that a package ships; no data of a run, so simulations need not know of it. */
export function readShippedFile(path: string): Buffer {
  return readFileSync(path)
}

/** The nearest folder at or above a path that exists; where space and file system can be asked for. */
export async function nearestFolder(disk: Disk, path: string): Promise<string> {
  let folder = path
  for (;;) {
    try {
      await disk.freeBytes(folder)
      return folder
    } catch (error) {
      const parent = dirname(folder)
      if (!isAbsent(error) || parent === folder) throw error
      folder = parent
    }
  }
}

/**
 * The absolute path that a path leads to, links followed, also where its last parts do not exist yet. For paths of the user
 * that must lie below a folder; files of a run have no links.
 */
export async function realPath(path: string): Promise<string> {
  try {
    return await fs.realpath(path)
  } catch (error) {
    const parent = dirname(path)
    if (!isAbsent(error) || parent === path) throw error
    const target = await linkTarget(path)
    if (target !== undefined) return await realPath(resolve(parent, target))
    return join(await realPath(parent), basename(path))
  }
}

/** What a link names, which need not exist; undefined for anything else. */
async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await fs.readlink(path)
  } catch (error) {
    if (isAbsent(error) || (error instanceof Error && 'code' in error && error.code === 'EINVAL')) return undefined
    throw error
  }
}

/** Empties a file, made where it is absent, and hands its descriptor to the work, for another process to append to. */
export async function withEmptied<Result>(path: string, work: (descriptor: number) => Result): Promise<Result> {
  const handle = await fs.open(path, FLAGS.append | constants.O_TRUNC, 0o600)
  try {
    return work(handle.fd)
  } finally {
    await handle.close()
  }
}

/** True for the error of a path that does not exist. */
export function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOENT' || code === 'ENOTDIR'
}
