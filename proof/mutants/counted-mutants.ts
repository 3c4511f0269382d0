import { before, type Mutant, mutant, replace, shownBy } from './mutant.ts'

/** Defects of creates that nothing but the number of their requests and the ids in their answers tell apart. */
export const COUNTED_MUTANTS: readonly Mutant[] = [
  shownBy(
    'created long after, answered reset, alone, at anthropic',
    mutant(
      'an unmarked create that is not listed is sent again by itself',
      replace('unmarked', "ports.onUnknownCreate === 'resend'", 'ports.onUnknownCreate.length > 0'),
    ),
  ),
  shownBy(
    'not created, answered status(500), beside a like batch, at anthropic',
    mutant(
      'a like batch is taken for ours whatever its answers say',
      replace('candidatesFor', 'isOurs === true', 'isOurs !== undefined'),
    ),
  ),
  shownBy(
    'created at once, answered reset, beside a like batch, at anthropic',
    mutant(
      'a like batch is cancelled, so that nothing may be bought twice',
      before(
        'waitForAnswers',
        'const reason: Reason = ANY',
        'for (const { id } of batches) await ports.provider.cancel(id, new AbortController().signal)',
      ),
    ),
  ),
  shownBy(
    'seed 148',
    mutant(
      'creates without an answer may have the same number of requests',
      replace('admit', 'terms.isCounted === true', 'terms.isCounted === null'),
    ),
  ),
  shownBy(
    'plain at anthropic, death at step 57',
    mutant(
      'a batch whose id was written down before the process died is not gone on with',
      replace('goOnWithKnown', "role === 'ours'", "role !== 'ours'"),
    ),
  ),
  shownBy(
    'seed 1401',
    mutant(
      'a create in doubt is looked for with any key',
      replace('assertNoDoubt', "onUnknownCreate !== 'hold'", 'onUnknownCreate.length > 0'),
    ),
  ),
  shownBy(
    'created long after, answered status(408), alone, at anthropic',
    mutant(
      'an unmarked create is sent again although a like batch is at work',
      replace('unmarked', "found.kind === 'at_work'", "found.kind === 'ours'"),
      replace('unmarked', "ports.onUnknownCreate === 'resend'", 'ports.onUnknownCreate.length > 0'),
    ),
  ),
]
