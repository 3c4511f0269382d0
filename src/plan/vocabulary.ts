import type { Target } from '../model/target.ts'

/** Counts the tokens of a text exactly, by a model's own vocabulary. */
export type Vocabulary = (text: string) => number

/** OpenAI's models before gpt-4o, and its embeddings; all newer ones share another vocabulary. */
const OLDER_MODELS = /^(?:ft:)?(?:gpt-4(?![o.])|gpt-3\.5|text-embedding|babbage|davinci)/

/** Special tokens in a user's text are text; without this they would be an error. */
const AS_TEXT = { disallowedSpecial: new Set<string>() }

/**
 * The vocabulary of a target's model, loaded when first asked for (a fifth of a second, 60 MB); null where there is
 * none: for other providers, or where the package is not installed.
 */
export async function loadVocabulary({ model, provider }: Target): Promise<Vocabulary | null> {
  if (provider !== 'openai') return null
  try {
    const { countTokens } = OLDER_MODELS.test(model)
      ? await import('gpt-tokenizer/encoding/cl100k_base')
      : await import('gpt-tokenizer/encoding/o200k_base')
    return (text) => countTokens(text, AS_TEXT)
  } catch (error) {
    // The estimator does without: a package that cannot be loaded must not stop a run.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
}
