import { seededFraction } from '../../src/lib/random.ts'

/**
 * Faults from which a run must come to its end by itself or after one `resume`, with every row answered. Each entry is
 * a call and what may happen to it; when it happens is drawn from the seed.
 */
const TROUBLES: readonly (readonly [call: string, faults: readonly string[]])[] = [
  ['upload', ['status(500)', 'status(429)', 'reset', 'html', 'wrong-size', 'accept-then-reset', 'accept-then-500']],
  [
    'create',
    [
      'status(500)',
      'status(429)',
      'reset',
      'html',
      'hang',
      'accept-then-500',
      'accept-then-reset',
      'accept-then-hang',
      'accept-then-html',
      'accept-then-429',
      'half-json',
      'empty-answer',
      'other-object',
      'no-id',
      'delayed(200)',
      'delayed(900)',
      'late(400)',
      'file-not-found',
      'metadata-dropped',
    ],
  ],
  ['get', ['status(500)', 'status(404)', 'status(429)', 'reset', 'html', 'half-json', 'other-object', 'counts-lie']],
  ['get', ['ids-hidden', 'ids-empty', 'batch-status(pre_schedule)']],
  [
    'list',
    ['status(500)', 'reset', 'html', 'repeat-page', 'empty-page', 'nothing-listed', 'lag(300)', 'doubled-entries'],
  ],
  ['content', ['status(502)', 'status(404)', 'cut', 'short', 'zero-bytes', 'html-answer', 'false-encoding', 'reset']],
  ['content', ['bom', 'crlf', 'doubled-lines', 'foreign-lines', 'no-final-newline', 'blank-lines']],
  ['run', ['expire(0.5)', 'queue-full', 'row-status(429@0.3)', 'row-status(500@0.3)', 'errors-in-output']],
]

/** The two usual providers share two thirds of the seeds. */
const PROVIDERS = ['openai', 'mistral', 'openai', 'mistral', 'anthropic', 'gemini'] as const

/** What one seed does to a run. */
export interface Storm {
  readonly seed: number
  readonly provider: (typeof PROVIDERS)[number]
  readonly rows: number
  readonly maxRequests: number
  readonly faults: readonly string[]
  /** Milliseconds after which the command is killed, one for each of its first starts. */
  readonly kills: readonly number[]
}

/** The storm of a seed; the same one each time. */
export function stormOf(seed: number): Storm {
  const fraction = seededFraction(seed)
  const below = (limit: number): number => Math.floor(fraction() * limit)
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item
  const faults = Array.from({ length: 1 + below(5) }, () => {
    const [call, kinds] = pick(TROUBLES)
    const first = 1 + below(3)
    return `${call}:${first}-${first + below(2)}=${pick(kinds)}`
  })
  const provider = pick(PROVIDERS)
  return {
    seed,
    provider,
    rows: 10 + below(60),
    maxRequests: 5 + below(20),
    faults: faults.filter((fault) => canStrike(fault, provider)),
    kills: Array.from({ length: below(4) }, () => 150 + below(900)),
  }
}

/**
 * False for what does not fit the provider: uploads at Anthropic, queues that both tell to be full by a 429 to the create,
 * and at Gemini a batch without its name, which is its only mark, or one that expires, of which nothing is left to count.
 */
function canStrike(fault: string, provider: Storm['provider']): boolean {
  if (provider === 'anthropic') return !/^upload|queue-full/.test(fault)
  return provider !== 'gemini' || !/metadata-dropped|queue-full|expire/.test(fault)
}
