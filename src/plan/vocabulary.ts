import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { Target } from '../model/target.ts'

/** Counts the tokens of texts exactly, by a model's own vocabulary. */
export interface Vocabulary {
  count(texts: readonly string[]): Promise<number>
  /** Frees its memory; it is loaded anew when it counts again. */
  close(): Promise<void>
}

/** OpenAI's models before gpt-4o, and its embeddings; all newer ones share another vocabulary. */
const OLDER_MODELS = /^(?:ft:)?(?:gpt-4(?![o.])|gpt-3\.5|text-embedding|babbage|davinci)/

/**
 * The vocabulary of a target's model; null where there is none: for other providers, or where the package is not
 * installed. It is loaded when it first counts.
 */
export function vocabularyOf({ model, provider }: Target): Vocabulary | null {
  if (provider !== 'openai') return null
  const name = OLDER_MODELS.test(model) ? 'cl100k_base' : 'o200k_base'
  try {
    return new WorkerVocabulary(createRequire(import.meta.url).resolve(`gpt-tokenizer/encoding/${name}`))
  } catch (error) {
    // The estimator does without: a package that cannot be found must not stop a run.
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

/** Its garbage is collected early; the vocabulary itself takes about thirty megabytes. */
const RESOURCES = { maxYoungGenerationSizeMb: 8 }

/** Special tokens in a user's text are text; without the option they would be an error. */
const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { countTokens } = require(workerData)
  const asText = { disallowedSpecial: new Set() }
  parentPort.on('message', (texts) => {
    parentPort.postMessage(texts.reduce((sum, text) => sum + countTokens(text, asText), 0))
  })
`

/**
 * A vocabulary in a thread of its own. Loaded into this one, its hundred megabytes would stay until the program ends,
 * although a few hundred rows are all it counts. The thread keeps no program alive.
 */
class WorkerVocabulary implements Vocabulary {
  readonly #module: string
  #worker: Worker | undefined
  /** Texts are counted in the order in which they come. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(module: string) {
    this.#module = module
  }

  async count(texts: readonly string[]): Promise<number> {
    const counting = this.#last.then(() => this.#ask(texts))
    this.#last = counting.catch(() => undefined)
    return await counting
  }

  async close(): Promise<void> {
    await this.#last
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #ask(texts: readonly string[]): Promise<number> {
    const worker = (this.#worker ??= new Worker(PROGRAM, {
      eval: true,
      workerData: this.#module,
      resourceLimits: RESOURCES,
    }))
    return new Promise((resolve, reject) => {
      const settle = (done: () => void): void => {
        worker.off('message', onMessage)
        worker.off('error', onError)
        // It must not keep a program alive that has nothing else to do.
        worker.unref()
        done()
      }
      const onMessage = (tokens: number): void => settle(() => resolve(tokens))
      const onError = (error: unknown): void => settle(() => reject(error))
      worker.on('message', onMessage)
      worker.on('error', onError)
      worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, a window has
      worker.postMessage(texts)
    })
  }
}
