import { LlmBatchError } from '../../model/error.ts'
import { digestOf } from '../state/identifier.ts'

/** A way in which a simulated model answers other than asked, and the directive that has the same effect. */
interface Flaw {
  readonly name: string
  readonly directive: string
  readonly description: string
}

/** What a mix can hold. */
export const FLAWS = [
  { name: 'invalid', directive: 'invalid_json', description: 'text that begins like JSON and is not JSON' },
  { name: 'fenced', directive: 'fenced_json', description: 'the answer inside a Markdown code fence' },
  { name: 'stray', directive: 'stray_json', description: 'the answer with sentences before and after it' },
  { name: 'wrong_schema', directive: 'wrong_schema', description: 'JSON that breaks the schema that was asked for' },
  { name: 'truncated', directive: 'length', description: 'the answer cut off by the token limit' },
  { name: 'refused', directive: 'refusal', description: 'a refusal' },
  { name: 'empty', directive: 'empty', description: 'an answer without any text' },
] as const satisfies readonly Flaw[]

export type FlawName = (typeof FLAWS)[number]['name']

/** The shares of answers that are flawed, each from 0 to 1; together at most 1. */
export type AnswerShares = Readonly<Partial<Record<FlawName, number>>>

/** Chooses a flaw, or none, for each answer; the same one for the same request and seed. */
export interface AnswerMix {
  readonly shares: AnswerShares
  readonly seed: number
}

/** Every answer as it should be. */
export const NO_FLAWS: AnswerMix = { shares: {}, seed: 0 }

/**
 * Reads shares such as `invalid=0.05,fenced=0.1`.
 * @throws LlmBatchError `usage` for a word that is not a flaw, a share outside of 0 to 1, and shares above 1 together
 */
export function parseAnswerShares(text: string): AnswerShares {
  const entries = text.split(',').map((part) => {
    const [word = '', share = ''] = part.split('=')
    return [word.trim(), share.trim() === '' ? Number.NaN : Number(share)] as const
  })
  return checkedShares(Object.fromEntries(entries))
}

/** Checks shares that were given as an object; throws as above. */
export function checkedShares(shares: Readonly<Record<string, number | undefined>>): AnswerShares {
  let sum = 0
  for (const [name, share] of Object.entries(shares)) {
    if (!FLAWS.some((flaw) => flaw.name === name)) throw wrong(`unknown flaw of answers ${JSON.stringify(name)}`)
    if (share === undefined) continue
    if (!(share >= 0 && share <= 1)) throw wrong(`the share of ${name} answers is not a number from 0 to 1`)
    sum += share
  }
  // A billionth for the rounding of decimal fractions.
  if (sum > 1 + 1e-9) throw wrong('the shares of flawed answers are more than 1 together')
  return shares
}

function wrong(message: string): LlmBatchError {
  const names = FLAWS.map(({ name }) => name).join(', ')
  return new LlmBatchError('usage', message, {
    next: `Write shares such as invalid=0.05,fenced=0.1, of: ${names}.`,
  })
}

/** The flaw of the answer with this digest; undefined for a good answer. */
export function flawOf({ seed, shares }: AnswerMix, digest: string): Flaw | undefined {
  let rest = Number.parseInt(digestOf(seed, 'answer', digest).slice(0, 8), 16) / 2 ** 32
  for (const flaw of FLAWS) {
    rest -= shares[flaw.name] ?? 0
    if (rest < 0) return flaw
  }
  return undefined
}
