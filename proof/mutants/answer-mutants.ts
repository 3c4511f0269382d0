import { before, type Mutant, mutant, replace, reword, shownBy } from './mutant.ts'

/** In `Freezer.add`: which requests are sent. */
const IS_SENT = '!origin'

/** In `Freezer.#addRow`: the request that a row shares. */
const SHARED = "origin?.from === 'row' ? origin.request : null"

/** Defects of what is not bought anew: answers carried over, requests that rows share, and second questions. */
export const ANSWER_MUTANTS: readonly Mutant[] = [
  mutant('a row that is carried over is sent as well', replace('Freezer.add', IS_SENT, "origin?.from !== 'row'")),
  mutant(
    'carried answers are joined to the wrong rows',
    replace('Origins.#tellPart', 'answers[index]', 'answers.at(-1 - index)'),
  ),
  mutant('carried answers are not forced to disk', replace('CarriedWriter.#end', 'await batch.file.sync()')),
  mutant(
    'answers that were cut off are carried over',
    reword('IS_ANSWERED', "n.state = 'succeeded' and", "n.state in ('succeeded', 'truncated') and"),
  ),
  mutant('the answer of a shared request is given to its first row only', replace('Freezer.#addRow', SHARED, 'null')),
  mutant(
    'a request that rows share is sent for each of them',
    replace('Freezer.add', IS_SENT, "origin?.from !== 'run'"),
    replace('Freezer.#addRow', SHARED, 'null'),
  ),
  mutant(
    'requests are told apart by their target alone',
    replace('Identities.of', 'this.#last.key + body', 'this.#last.key'),
  ),
  mutant(
    'a row is asked again once more than it may',
    reword('REASKABLE', 'and q.turn < coalesce(', 'and q.turn <= coalesce('),
  ),
  shownBy(
    'asked again at mistral, death at step 126',
    mutant(
      'a second question is planned in two transactions',
      // The second of its statements begins the second transaction.
      before('insertReasks', 'driver.run(...ANY)', "driver.script('commit')\n  driver.script('begin immediate')", 2),
    ),
  ),
  shownBy(
    'seed 112',
    mutant(
      'a second question that brings nothing takes the place of the answer',
      reword(
        'IS_UNANSWERED_REASK',
        "requests.turn > 0 and r.status not in ('succeeded', 'invalid')",
        'requests.turn < 0',
      ),
    ),
  ),
]
