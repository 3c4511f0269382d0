import type { Mistral } from '@mistralai/mistralai'
import { createMistralProvider } from '../providers/mistral/adapter.ts'
import { BatchProcessor } from './batch-processor.ts'
import { loadPackage } from './official-client.ts'
import type { ClientAccess } from './processor-context.ts'
import type { ProcessorOptions } from './processor-options.ts'

/** The step-by-step workflow at Mistral; the key comes from `MISTRAL_API_KEY`. Guide: docs/step-by-step.md. */
export class MistralAIBatchProcessor extends BatchProcessor<Mistral> {
  /** Throws `LlmBatchError` where `MISTRAL_API_KEY` is not set. */
  constructor(options: ProcessorOptions) {
    super('mistral', options, createMistralProvider, loadClient)
  }
}

function loadClient({ apiKey, baseUrl }: ClientAccess): Mistral {
  const sdk = loadPackage('@mistralai/mistralai') as typeof import('@mistralai/mistralai')
  return new sdk.Mistral({
    apiKey,
    // The SDK adds the version to every path itself.
    serverURL: baseUrl.replace(/\/v1$/, ''),
    retryConfig: { strategy: 'none' },
  })
}
