import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../lib/clock.ts'
import { systemDisk } from '../lib/disk.ts'
import { openFolderStore } from '../store/folder/folder-store.ts'
import type { Store } from '../store/store.ts'
import { whileNoOtherStarts } from './start-lock.ts'

let home: string
let store: Store

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-batch-start-'))
  store = await openFolderStore({ home, disk: systemDisk, clock: systemClock })
})

afterEach(async () => {
  await store.close()
  await rm(home, { recursive: true })
})

describe('whileNoOtherStarts', () => {
  it('lets one start after the other do its work, and the next one where a work fails', async () => {
    const happened: string[] = []
    const place = { clock: systemClock, store }
    const start = async (name: string): Promise<void> =>
      await whileNoOtherStarts(place, name, async () => {
        happened.push(name)
        await systemClock.sleep(30)
        happened.push(name)
        if (name === 'bad') throw new Error('bad work')
      })
    const ended = await Promise.allSettled(['one', 'bad', 'two', 'three'].map(start))
    expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(happened).toHaveLength(8)
    for (let at = 0; at < happened.length; at += 2) expect(happened[at]).toBe(happened[at + 1])
  })

  it('says that another one is busy where that does not end', async () => {
    const hurried: Clock = { ...systemClock, monotonic: () => (now += 20_000) }
    let now = 0
    const place = { clock: hurried, store }
    await whileNoOtherStarts(place, 'first', async () => {
      await expect(whileNoOtherStarts(place, 'second', async () => 'never')).rejects.toMatchObject({ code: 'busy' })
    })
  })
})
