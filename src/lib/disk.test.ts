import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemDisk as disk, isAbsent, nearestFolder } from './disk.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-disk-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('systemDisk', () => {
  it('writes, appends and reads back by position', async () => {
    const path = join(folder, 'file')
    const written = await disk.open(path, 'write')
    await written.write(Buffer.from('hello'))
    await written.sync()
    await written.close()
    const appended = await disk.open(path, 'append')
    await appended.write(Buffer.from(' world'))
    expect(Buffer.from(await appended.read(4, 3)).toString()).toBe('o w')
    expect(await appended.read(9, 100)).toHaveLength(2)
    await appended.close()
    expect(await disk.readText(path)).toBe('hello world')
    expect(await disk.size(path)).toBe(11)
  })

  it('empties a file that is opened for writing', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'before')
    await (await disk.open(path, 'write')).close()
    expect(await disk.size(path)).toBe(0)
  })

  it.runIf(process.platform !== 'win32')('keeps what it makes from other users', async () => {
    await disk.makeFolder(join(folder, 'inner'))
    await (await disk.open(join(folder, 'inner', 'file'), 'write')).close()
    expect((await stat(join(folder, 'inner'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'inner', 'file'))).mode & 0o777).toBe(0o600)
  })

  it.each([
    [{}, ['0123', '4567', '89']],
    [{ start: 3 }, ['3456', '789']],
    [{ start: 3, end: 8 }, ['3456', '7']],
    [{ start: 20 }, []],
    [{ start: 1, isReused: true }, ['1234', '5678', '9']],
  ])('streams the range %j in pieces', async (range, pieces) => {
    const path = join(folder, 'file')
    await writeFile(path, '0123456789')
    const read: string[] = []
    for await (const piece of disk.stream(path, { ...range, chunkBytes: 4 })) read.push(Buffer.from(piece).toString())
    expect(read).toEqual(pieces)
  })

  it('streams through two pieces of memory in turn where that is wanted', async () => {
    const path = join(folder, 'file')
    const bytes = Buffer.from(Array.from({ length: 1_700_001 }, (_, at) => (at * 7 + (at >> 8)) % 251))
    await writeFile(path, bytes)
    const memory = new Set<unknown>()
    const pieces: Buffer[] = []
    for await (const piece of disk.stream(path, { chunkBytes: 100_000, isReused: true, start: 1 })) {
      memory.add(piece.buffer)
      expect(piece.length).toBeLessThanOrEqual(100_000)
      pieces.push(Buffer.from(piece))
    }
    expect(Buffer.concat(pieces).equals(bytes.subarray(1))).toBe(true)
    expect(memory.size).toBe(2)
  })

  it('says that a file is absent without throwing, and that a folder is no file', async () => {
    const absent = join(folder, 'none')
    expect(await disk.size(absent)).toBeUndefined()
    expect(await disk.readText(absent)).toBeUndefined()
    expect(await disk.list(absent)).toEqual([])
    expect(await disk.size(folder)).toBeUndefined()
    await disk.remove(absent)
  })

  it('lists names in order, renames over a file and removes a folder with all in it', async () => {
    for (const name of ['b', 'a', 'c']) await writeFile(join(folder, name), name)
    await disk.rename(join(folder, 'b'), join(folder, 'c'))
    await disk.syncFolder(folder)
    expect(await disk.list(folder)).toEqual(['a', 'c'])
    expect(await disk.readText(join(folder, 'c'))).toBe('b')
    await disk.makeFolder(join(folder, 'deep', 'er'))
    await disk.remove(join(folder, 'deep'))
    expect(await disk.list(folder)).toEqual(['a', 'c'])
  })

  it('tells free space, and that a temporary folder is local', async () => {
    expect(await disk.freeBytes(folder)).toBeGreaterThan(0)
    expect(await disk.networkFileSystem(folder)).toBeUndefined()
  })
})

describe('nearestFolder', () => {
  it('goes up to the first folder that exists', async () => {
    expect(await nearestFolder(disk, join(folder, 'not', 'there'))).toBe(folder)
  })
})

describe('isAbsent', () => {
  it.each([
    [Object.assign(new Error('gone'), { code: 'ENOENT' }), true],
    [Object.assign(new Error('file in the way'), { code: 'ENOTDIR' }), true],
    [Object.assign(new Error('denied'), { code: 'EACCES' }), false],
    [new Error('other'), false],
    ['ENOENT', false],
  ])('judges %s as %s', (error, absent) => {
    expect(isAbsent(error)).toBe(absent)
  })
})
