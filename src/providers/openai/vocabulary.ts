import { createRequire } from 'node:module'
import type { VocabularyFile } from '../facts.ts'

/** OpenAI's models before gpt-4o, and its embeddings; all newer ones share another vocabulary. */
const OLDER_MODELS = /^(?:ft:)?(?:gpt-4(?![o.])|gpt-3\.5|text-embedding|babbage|davinci)/

type Patterns = typeof import('gpt-tokenizer/encodingParams/constants')

const OLDER = { file: 'cl100k_base', pattern: 'CL100K_TOKEN_SPLIT_REGEX' } as const
const NEWER = { file: 'o200k_base', pattern: 'O200K_TOKEN_SPLIT_REGEX' } as const

/** The vocabulary of a model; null where the package is not installed. */
export function vocabulary(model: string): VocabularyFile | null {
  const { file, pattern } = OLDER_MODELS.test(model) ? OLDER : NEWER
  const require = createRequire(import.meta.url)
  try {
    const path = require.resolve(`gpt-tokenizer/data/${file}.tiktoken`)
    const patterns = require('gpt-tokenizer/encodingParams/constants') as Patterns
    return { path, words: patterns[pattern] }
  } catch (error) {
    // The estimator does without: a package that cannot be found must not stop a run.
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}
