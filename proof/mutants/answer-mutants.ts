import { type Mutant, mutant, replace, shownBy } from './mutant.ts'

/** In `Freezer.#addRow`: the request that a row shares. */
const SHARED = "origin?.from === 'row' ? origin.request : null"

/** Defects of what is not bought anew: answers carried over, requests that rows share, and second questions. */
export const ANSWER_MUTANTS: readonly Mutant[] = [
  mutant('a row that is carried over is sent as well', replace('Freezer.add', "origin?.from === 'run'", 'false')),
  mutant(
    'carried answers are joined to the wrong rows',
    replace('Origins.#tellPart', 'answers[index]', 'answers.at(-1 - index)'),
  ),
  mutant('carried answers are not forced to disk', replace('CarriedWriter.#end', 'await batch.file.sync()')),
  mutant(
    'answers that were cut off are carried over',
    replace('indexOf', "state !== 'succeeded'", "state !== 'succeeded' && state !== 'truncated'"),
    replace('readerOf', "state !== 'succeeded'", "state !== 'succeeded' && state !== 'truncated'"),
  ),
  mutant('the answer of a shared request is given to its first row only', replace('Freezer.#addRow', SHARED, 'null')),
  mutant(
    'a request that rows share is sent for each of them',
    replace('Freezer.add', "origin?.from !== 'row'", 'true'),
    replace('Freezer.#addRow', SHARED, 'null'),
  ),
  mutant(
    'requests are told apart by their target alone',
    replace('Identities.of', 'this.#scratch.subarray(0, length)', 'this.#scratch.subarray(0, this.#keyBytes)'),
  ),
  mutant(
    'a row is asked again once more than it may',
    replace('isReaskable', 'turn < maxReasks', 'turn <= maxReasks'),
    replace('RunLog.reaskable', 'turn < mostTurns', 'turn <= mostTurns'),
    replace('RunLog.reaskable', 'newest.turn < mostTurns', 'newest.turn <= mostTurns'),
  ),
  shownBy(
    'asked again at mistral, death at step 135',
    mutant(
      'a second question is planned in two transactions',
      replace('insertBatch', 'for (const [key, groups] of batch.taken) await takeOver(sql, run, key, groups)'),
      replace(
        'insertBatch',
        'return insertAttempt(sql, key, 1, batch.attempt)',
        `const attempt = await insertAttempt(sql, key, 1, batch.attempt)
        await sql.script('commit')
        await sql.script('begin immediate')
        for (const [taken, groups] of batch.taken) await takeOver(sql, run, taken, groups)
        return attempt`,
      ),
    ),
  ),
  shownBy(
    'seed 112',
    mutant(
      'a second question that brings nothing takes the place of the answer',
      replace('stateOf', "turn > 0 && status !== 'succeeded' ? 'invalid' : status", 'status'),
      replace('shownOf', 'history.findLast(({ fate }) => isAnswer(fate)) ?? newest', 'newest'),
    ),
  ),
]
