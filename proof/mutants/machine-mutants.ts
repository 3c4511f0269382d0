import { type Mutant, mutant, replace, reword, shownBy } from './mutant.ts'

/** Defects of a home that machines share: the number of a writer, the locks, and the clock. */
export const MACHINE_MUTANTS: readonly Mutant[] = [
  shownBy(
    'two machines 5',
    mutant(
      'a process writes whether another one has taken the run over or not',
      replace('write', 'await assertWriter(sql, key, id, writer)'),
    ),
  ),
  shownBy(
    'two machines 1',
    mutant(
      'a run is taken over and the process before is not told apart by its number',
      reword('nextWriter', 'set writer = writer + 1', 'set writer = writer + 0'),
    ),
  ),
  shownBy(
    'two machines 136',
    mutant(
      'result files have the same names whichever process fetches them',
      replace('resultStem', 'fence === null', 'fence === null || fence > 0'),
    ),
  ),
  shownBy(
    'two machines with clocks apart and a create that comes late',
    mutant(
      'waits go by the clock of each machine',
      replace('ServerClock.now', 'this.#own.now() + this.#behindMs', 'this.#own.now()'),
    ),
  ),
  shownBy(
    'two machines 1',
    mutant(
      'a lock is taken away although its process shows life',
      replace(
        'IS_SILENT',
        '"coalesce(a.state_change < clock_timestamp() - $2 * interval \'1 millisecond\', false)"',
        "'true'",
      ),
    ),
  ),
]
