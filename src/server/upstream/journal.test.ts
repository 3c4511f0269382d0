import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemDisk } from '../../lib/disk.ts'
import { Journal, type JournalEntry } from './journal.ts'

it('tells after a kill what was answered, what was on its way, and what was not asked, also behind a line that was cut off', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-batch-journal-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'batch.jsonl')
  const first = await Journal.open(systemDisk, path)
  await Promise.all([first.ask(1), first.ask(2), first.ask(3), first.ask(4)])
  const answer = { status: 200, body: { text: 'an answer' }, nonce: 'n1' }
  await Promise.all([
    first.end({ position: 1, customId: 'one', result: answer }),
    first.withdraw(2),
    first.end({ position: 4, customId: null, result: { message: 'It was cut.' } }),
  ])
  await first.close()
  await appendFile(path, '{"ended":3,"custom_id":"three","sta')

  for (const _ of ['once', 'and once more']) {
    const journal = await Journal.open(systemDisk, path)
    expect([1, 2, 3, 4, 5].filter((position) => journal.hasEnded(position))).toEqual([1, 4])
    expect([1, 2, 3, 4, 5].filter((position) => journal.isOnItsWay(position))).toEqual([3])
    expect(journal.counts).toEqual({ calls: 4, refused: 1, succeeded: 1, failed: 1 })
    const entries: JournalEntry[] = []
    for await (const entry of journal.entries()) entries.push(entry)
    expect(entries).toEqual([
      { position: 1, customId: 'one', result: answer },
      { position: 4, customId: null, result: { message: 'It was cut.' } },
    ])
    await journal.close()
  }
})
