import { CHAT_ENDPOINT } from '../../model/target.ts'

/** Endpoint that is answered with vectors. */
export const EMBEDDINGS = '/v1/embeddings'

/**
 * Endpoints that requests for Gemini can be written for: the shapes in which bodies are frozen. The API itself has a method
 * of a model for each.
 */
export const ENDPOINTS: readonly string[] = [CHAT_ENDPOINT, EMBEDDINGS]

/** The methods of a model that answer an endpoint: many requests as a batch, and one at once. */
export function methodsOf(endpoint: string): { readonly batch: string; readonly direct: string } {
  return endpoint === EMBEDDINGS
    ? { batch: 'asyncBatchEmbedContent', direct: 'embedContent' }
    : { batch: 'batchGenerateContent', direct: 'generateContent' }
}
