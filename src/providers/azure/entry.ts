import { imageTokens } from '../openai/image-tokens.ts'
import { isReasoningModel, refusedFields } from '../openai/reasoning.ts'
import { vocabulary } from '../openai/vocabulary.ts'
import type { ProviderEntry } from '../provider-entry.ts'

export const AZURE: ProviderEntry = {
  name: 'azure',
  conventionName: 'azure.ai.openai',
  keyVariable: 'AZURE_OPENAI_API_KEY',
  otherKeyVariable: 'AZURE_OPENAI_AD_TOKEN',
  baseUrlVariable: 'AZURE_OPENAI_ENDPOINT',
  // Every customer has an address of its own, and no key may go to that of another.
  defaultBaseUrl: 'https://resource.invalid/openai/v1',
  isBaseUrlNeeded: true,
  // Azure's command line hands out the token that it has until five minutes before that ends.
  tokenMinutes: 4,
  // Deployments have names of the customer's own; one that is named after its model is known by that name.
  facts: { batchFactor: 0.5, isReasoningModel, refusedFields, vocabulary, imageTokens },
  sheet: {
    title: 'Azure OpenAI',
    discount: 0.5,
    asOf: '2026-11-28',
    tested: 'the local server with its deviations, the official SDK as a client of that server; never Azure itself',
    page: 'docs/providers/azure.md',
    oddities: [
      'The model is the name of a deployment of type Global Batch or Data Zone Batch: azure/DEPLOYMENT.',
      'Such a deployment refuses synchronous calls, so there is no trial before a run.',
      'A batch is not ended after its 24 hours: it runs on until it is done or cancelled.',
      'In ten regions a full queue refuses the create; elsewhere it fails the batch.',
      'A resource keeps 500 input files; remove old ones.',
    ],
    unsure: ['How long result files are kept is not documented.', 'Embeddings are said both to work and not to.'],
  },
  create: async (options, environment) => (await import('./adapter.ts')).createVersionedAzure(options, environment),
}
