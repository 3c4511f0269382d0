import { type Mutant, mutant, replace, shownBy } from './mutant.ts'

/** Requests go over to a newer batch whether they wait or not. */
const TAKEN_UNASKED = replace('takeOver', 'mayGo && tally.take(group)', 'tally.take(group) || group.requests > 0')

/** Of requests that several batches hold, the oldest one counts. */
const OLDEST_WINS = replace(
  'Histories.reach',
  'one.record.number - other.record.number',
  'other.record.number - one.record.number',
)

/** Defects of the log: files of columns, the merge of batches, and the counts and wishes that the catalog keeps of them. */
export const LOG_MUTANTS: readonly Mutant[] = [
  mutant(
    'a file of columns is not forced to disk before it is named',
    replace(
      'writeColumns',
      'writeAtomically(disk, path, ANY)',
      `disk.open(path, 'write').then(async (file) => {
        for (const part of parts) {
          hash.update(part)
          bytes += part.length
          await file.write(part)
        }
        await file.close()
        await disk.syncFolder(path.slice(0, path.lastIndexOf('/')))
      })`,
    ),
  ),
  mutant(
    'outcomes are named before their file is there',
    replace(
      'settlementOf',
      'outcomes.write(disk, folder.outcomes(name))',
      `outcomes.write(disk, folder.outcomes(\`\${attempt.key}-early.columns\`)).then((early) => {
        const putInPlace = async () => {
          await ports.clock.sleep(100)
          await disk.rename(folder.outcomes(\`\${attempt.key}-early.columns\`), folder.outcomes(name))
        }
        putInPlace().catch(() => undefined)
        return early
      })`,
    ),
  ),
  shownBy(
    'seed 84',
    mutant(
      'a file of columns is believed whatever its hash',
      replace('readColumns', 'isIt ? decodeColumns(path, kind, bytes) : undefined', 'decodeColumns(path, kind, bytes)'),
    ),
  ),
  mutant(
    'a raw result file is named before it is forced to disk',
    replace('writeAtomically', 'await file.sync()', "if (!path.includes('-output')) await file.sync()"),
  ),
  mutant(
    'the frozen rows are named before they are forced to disk',
    replace('RunFiles.finishRows', 'await this.#file.sync()'),
  ),
  mutant('an older batch wins the merge', OLDEST_WINS),
  shownBy(
    'seed 3003',
    mutant('an older batch wins, and what it brings back goes into a second living batch', OLDEST_WINS, TAKEN_UNASKED),
  ),
  mutant(
    'counts are not corrected where a newer batch takes requests over',
    replace('takeOver', 'updateTally(sql, run, batchKey, tally.groups())', 'updateTally(sql, run, batchKey, before)'),
  ),
  shownBy(
    'retried at openai, death at step 248',
    mutant(
      'what a retry is to send again is forgotten once a part of it is planned',
      TAKEN_UNASKED,
      replace(
        'insertBatch',
        'return insertAttempt(sql, key, 1, batch.attempt)',
        `await sql.run("update runs set reopenings = '[]' where key = ?", runKey)
        return insertAttempt(sql, key, 1, batch.attempt)`,
      ),
    ),
  ),
  shownBy(
    'retried at openai',
    mutant(
      'what a retry is to send again is planned once more where it comes back',
      replace('isReopened', 'batchNumber <= upToBatch', 'batchNumber > 0'),
      // Ended at last, so that what is bought again and again shows within a moment.
      replace(
        'replan',
        'await store.endReplanning()',
        `const { reopenings } = await store.record()
        const { length } = await store.batches()
        if (reopenings.every(({ upToBatch }) => length > upToBatch + 8)) await store.endReplanning()`,
      ),
    ),
  ),
  shownBy(
    'open run at openai',
    mutant(
      'rows are appended to a sealed run',
      replace('assertTakesRows', "isOpen && cancelRequestedAt === null && state !== 'cancelling'", "state !== 'ready'"),
    ),
  ),
  mutant(
    'a question asked anew stands for itself, and hides the answer it had',
    replace('stateOf', "turn > 0 && status !== 'succeeded' ? 'invalid' : status", 'status'),
    replace('shownOf', '!isDone || newest.turn === 0 || isAnswer(newest.fate)', 'isDone || !isDone'),
  ),
]
