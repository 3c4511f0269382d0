import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemDisk } from '../lib/disk.ts'
import { Journal } from './journal.ts'

async function journalFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-journal-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'calls.jsonl')
}

const call = { endpoint: '/v1/chat/completions', body: '{"model":"small"}' }
const none = (): boolean => false

it('a journal gives back what was kept and not cancelled, without what is a row and a line that is not whole', async () => {
  const path = await journalFile()
  const { journal, left } = await Journal.open(systemDisk, path, none)
  expect(left).toEqual([])
  await Promise.all(['a', 'b', 'c', 'd', 'a'].map((id) => journal.keep({ id, call, at: 1 })))
  await journal.cancel('b')
  await journal.cancel('c')
  await journal.keep({ id: 'c', call, at: 2 })
  await journal.close()
  await appendFile(path, '{"id":"e","endpoint":"/v1/cha')

  const again = await Journal.open(systemDisk, path, (id) => id === 'a')
  expect(again.left).toEqual([
    { id: 'd', call, at: 1 },
    { id: 'c', call, at: 2 },
  ])
  expect(['a', 'b', 'c', 'd'].map((id) => again.journal.isCancelled(id))).toEqual([false, true, false, false])
  expect(again.journal.keptAt('c')).toBe(2)
  await again.journal.close()
  expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(3)
})

it('a journal whose disk fails says so, and keeps what comes later all the same', async () => {
  const path = await journalFile()
  let fails = true
  const disk: typeof systemDisk = {
    ...systemDisk,
    open: async (...given) => {
      const file = await systemDisk.open(...given)
      const write = async (bytes: Uint8Array): Promise<void> => {
        await file.write(fails ? bytes.subarray(0, 9) : bytes)
        if (fails) throw new Error('the disk is full')
      }
      return given[1] === 'append' ? { ...file, write } : file
    },
  }
  const { journal } = await Journal.open(disk, path, none)
  await expect(journal.keep({ id: 'a', call, at: 1 })).rejects.toThrow('the disk is full')
  fails = false
  await journal.keep({ id: 'a', call, at: 2 })
  await journal.close()
  expect((await Journal.open(systemDisk, path, none)).left).toEqual([{ id: 'a', call, at: 2 }])
})
