import { factsOf } from '../../providers/known.ts'
import { PROVIDERS } from '../../providers/registry.ts'

/** Names that completion scripts hold. */
export interface KnownWords {
  readonly providers: readonly string[]
  /** Models with a known price, such as `openai/gpt-6.1-terra`. */
  readonly models: readonly string[]
}

/** Signs that no shell reads as anything but a part of a word. */
const PLAIN_WORD = /^[\w./-]+$/

/** The names of providers, and of models whose price is known. */
export function knownWords(): KnownWords {
  const providers = Object.keys(PROVIDERS)
  const models = providers.flatMap((name) => factsOf(name).prices.map(({ model }) => `${name}/${model}`))
  return { providers, models: [...new Set(models)].filter(isPlainWord).toSorted() }
}

/** Whether a shell takes the word as it stands, so that it can be offered without quotes. */
export function isPlainWord(word: string): boolean {
  return PLAIN_WORD.test(word)
}
