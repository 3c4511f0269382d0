import { type Mutant, mutant, replace, reword, shownBy } from './mutant.ts'

/** Defects of what is bought before and after everything else: what primes a cache, and the tail. */
export const TAIL_MUTANTS: readonly Mutant[] = [
  shownBy(
    'tail at openai',
    mutant(
      'the tail begins while an attempt is not final',
      replace('isSettled', "(await selectAttempts(sql, runKey, 'all')).every(ANY)", 'true'),
      // What is set aside for a batch keeps the tail from beginning as well, and the drive does not end before.
      reword('isInDoubt', 'and settled_at is null limit 1', 'and settled_at < 0 limit 1'),
      replace(
        'Driving.#isOver',
        "if (this.#until === 'finished') return false",
        "if (this.#until === 'finished') return this.#isCancelled()",
      ),
    ),
  ),
  shownBy(
    'no tail beside a double at openai',
    mutant(
      'the tail begins although a create was not audited',
      replace('isSettled', '(await selectUnaudited(sql, runKey)).length === 0', 'true'),
    ),
  ),
  shownBy(
    'no tail beside a double at openai',
    mutant(
      'the tail begins beside a double that the audit has found',
      replace('openTail', 'await isInDoubt(sql, id, runKey)', 'false'),
    ),
  ),
  shownBy(
    'no tail after a person at mistral',
    mutant(
      'the tail begins although a person has cancelled the run meanwhile',
      replace('markCancelRequested', "cause === 'user'", 'false'),
    ),
  ),
  shownBy(
    'tail at openai',
    mutant(
      'a row that was billed in the batch is asked directly',
      replace('openTail', "['cancelled']", "['cancelled', 'truncated']"),
      replace('openTail', "['no']", "['no', 'yes']"),
    ),
  ),
  shownBy(
    'tail with a call in doubt at gemini',
    mutant(
      'a call of a tail without an answer is made again',
      replace('Calling.waiting', "answer !== 'not_made'", "answer === 'answered'"),
    ),
  ),
  shownBy(
    'no tail beside a double at openai',
    mutant(
      'a run that its deadline has cut short exits as one whose rows have failed',
      replace('exitCodeOf', 'isCutShort(report)', 'false'),
    ),
  ),
  shownBy(
    'primed at anthropic',
    mutant(
      'the gate opens before priming has ended',
      replace('isPriming', '!FINAL_STAGES.includes(stage)', "!FINAL_STAGES.includes(stage) && stage !== 'submitted'"),
    ),
  ),
  shownBy(
    'primed by a create that never was at anthropic',
    mutant('priming that is held keeps the others for ever', replace('isPriming', "stage !== 'held'", 'true')),
  ),
]
