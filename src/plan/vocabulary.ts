import { readShippedFile } from '../lib/disk.ts'
import type { Target } from '../model/target.ts'
import type { VocabularyFile } from '../providers/facts.ts'
import { factsOf } from '../providers/known.ts'
import { BytePairs } from './byte-pairs.ts'

/** Counts the tokens of texts exactly, by a model's own vocabulary. */
export interface Vocabulary {
  count(texts: readonly string[]): number
  /** Frees its memory; it is loaded anew when it counts again. */
  close(): void
}

/** The vocabulary of a target's model; null where there is none. It is loaded when it first counts, in about 50 ms. */
export function vocabularyOf({ model, provider }: Target): Vocabulary | null {
  const file = factsOf(provider).vocabulary(model)
  return file && new FileVocabulary(file)
}

class FileVocabulary implements Vocabulary {
  readonly #file: VocabularyFile
  #pairs: BytePairs | undefined

  constructor(file: VocabularyFile) {
    this.#file = file
  }

  count(texts: readonly string[]): number {
    const pairs = (this.#pairs ??= new BytePairs(readShippedFile(this.#file.path), this.#file.words))
    return texts.reduce((sum, text) => sum + pairs.count(text), 0)
  }

  close(): void {
    this.#pairs = undefined
  }
}
