import { LlmBatchError } from '../model/error.ts'

/**
 * Loads a part of this package that needs others, `name`, which are installed only by those who use that part. Throws
 * `configuration` where it is missing.
 */
export async function importPeer<Part>(name: string, load: () => Promise<Part>): Promise<Part> {
  try {
    return await load()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new LlmBatchError('configuration', `this home needs ${name}, which is not installed`, {
      next: `Install it beside llm-batch: npm install ${name}`,
      cause: error,
    })
  }
}
