import { createRequire } from 'node:module'
import { readShippedFile } from '../lib/disk.ts'
import type { Target } from '../model/target.ts'
import { BytePairs } from './byte-pairs.ts'

/** Counts the tokens of texts exactly, by a model's own vocabulary. */
export interface Vocabulary {
  count(texts: readonly string[]): number
  /** Frees its memory; it is loaded anew when it counts again. */
  close(): void
}

/** OpenAI's models before gpt-4o, and its embeddings; all newer ones share another vocabulary. */
const OLDER_MODELS = /^(?:ft:)?(?:gpt-4(?![o.])|gpt-3\.5|text-embedding|babbage|davinci)/

type Patterns = typeof import('gpt-tokenizer/encodingParams/constants')

const OLDER = { file: 'cl100k_base', pattern: 'CL100K_TOKEN_SPLIT_REGEX' } as const
const NEWER = { file: 'o200k_base', pattern: 'O200K_TOKEN_SPLIT_REGEX' } as const

/**
 * The vocabulary of a target's model; null where there is none: for other providers, or where the package is not
 * installed. It is loaded when it first counts, in about 50 ms.
 */
export function vocabularyOf({ model, provider }: Target): Vocabulary | null {
  if (provider !== 'openai') return null
  const { file, pattern } = OLDER_MODELS.test(model) ? OLDER : NEWER
  const require = createRequire(import.meta.url)
  try {
    const path = require.resolve(`gpt-tokenizer/data/${file}.tiktoken`)
    const patterns = require('gpt-tokenizer/encodingParams/constants') as Patterns
    return new FileVocabulary(path, patterns[pattern])
  } catch (error) {
    // The estimator does without: a package that cannot be found must not stop a run.
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

class FileVocabulary implements Vocabulary {
  readonly #path: string
  readonly #words: RegExp
  #pairs: BytePairs | undefined

  constructor(path: string, words: RegExp) {
    this.#path = path
    this.#words = words
  }

  count(texts: readonly string[]): number {
    const pairs = (this.#pairs ??= new BytePairs(readShippedFile(this.#path), this.#words))
    return texts.reduce((sum, text) => sum + pairs.count(text), 0)
  }

  close(): void {
    this.#pairs = undefined
  }
}
