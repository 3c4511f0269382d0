import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BufferedWriter, writeAtomically } from './atomic-file.ts'
import { systemDisk as disk } from './disk.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-atomic-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('BufferedWriter', () => {
  it('keeps order, position and hash, whatever the sizes of the parts', async () => {
    const path = join(folder, 'file')
    const file = await disk.open(path, 'write')
    const hash = createHash('sha256')
    const writer = new BufferedWriter(file, hash)
    const parts = ['a', '😀'.repeat(200_000), 'b'.repeat(1 << 20), '', 'é'.repeat(400_000), 'c'.repeat(3 << 20), 'end']
    let position = 0
    for (const part of parts) {
      expect(await writer.writeText(part)).toBe(Buffer.byteLength(part))
      position += Buffer.byteLength(part)
      expect(writer.position).toBe(position)
    }
    await writer.flush()
    await file.close()
    const whole = parts.join('')
    expect((await readFile(path, 'utf8')) === whole).toBe(true)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(whole).digest('hex'))
  })

  it.skipIf(!existsSync('/dev/full'))(
    'tells of a write that failed at the latest when it is flushed, and again',
    async () => {
      const file = await disk.open('/dev/full', 'append')
      const writer = new BufferedWriter(file)
      await writer.writeText('x'.repeat(700_000))
      // The first megabyte is full: it is handed on, and nothing waits for it yet.
      await writer.writeText('y'.repeat(700_000))
      await expect(writer.flush()).rejects.toMatchObject({ code: 'ENOSPC' })
      await expect(writer.flush()).rejects.toMatchObject({ code: 'ENOSPC' })
      await file.close()
    },
  )
})

describe('writeAtomically', () => {
  it('leaves the finished file and nothing else', async () => {
    await writeAtomically(disk, join(folder, 'out'), async (writer) => {
      await writer.writeText('answers')
    })
    expect(await readdir(folder)).toEqual(['out'])
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe('answers')
  })

  it('leaves the former file as it was when writing fails', async () => {
    await writeFile(join(folder, 'out'), 'before')
    const failing = writeAtomically(disk, join(folder, 'out'), async (writer) => {
      await writer.writeText('half of the')
      throw new Error('disk full')
    })
    await expect(failing).rejects.toThrow('disk full')
    expect(await readdir(folder)).toEqual(['out'])
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe('before')
  })
})
