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
    'created long after, answered status(408), alone, at anthropic',
    mutant(
      'an unmarked create is sent again although a like batch is at work',
      replace('unmarked', "found.kind === 'at_work'", "found.kind === 'ours'"),
      replace('unmarked', "ports.onUnknownCreate === 'resend'", 'ports.onUnknownCreate.length > 0'),
    ),
  ),
]
