import type { ProviderEntry } from '../provider-entry.ts'
import { callbackAddress } from './callback-address.ts'
import { PRICES } from './prices.ts'
import { claimedSignature } from './webhook-signature.ts'

/** A picture or a file that lies in the request itself. */
const INLINE_MEDIA = /"(?:url|image_url|file_data)"\s*:\s*"data:/

const NOT_INLINE = 'OpenRouter takes pictures and files in batches by public URL only, not inside of the request'

export const OPENROUTER: ProviderEntry = {
  name: 'openrouter',
  keyVariable: 'OPENROUTER_API_KEY',
  baseUrlVariable: 'OPENROUTER_BASE_URL',
  defaultBaseUrl: 'https://openrouter.ai/api/v1',
  webhooks: {
    secretVariable: 'OPENROUTER_WEBHOOK_SECRET',
    events: ['batch.completed', 'batch.failed', 'batch.cancelled', 'batch.expired'],
    registration:
      'by OPENROUTER_CALLBACK_URL, which is sent with each create, and take its signing secret from the workspace',
    unsure:
      'OpenRouter documents its signature for videos; the same is expected for batches, and another one is refused.',
    claimed: claimedSignature,
  },
  // "Typically" half, by its guide; some parts of a price, such as a search, are not cheaper. A price of the user's own that
  // does not say counts in full.
  facts: {
    prices: PRICES,
    batchFactor: 1,
    unsupported: (_target, body) => (INLINE_MEDIA.test(body) ? NOT_INLINE : null),
  },
  sheet: {
    title: 'OpenRouter',
    discount: 0.5,
    asOf: '2026-11-28',
    tested: "the local server, OpenAI's SDK as a client of that server; never OpenRouter itself",
    page: 'docs/providers/openrouter.md',
    oddities: [
      'A batch cannot be cancelled: what was sent is asked, and paid.',
      'A batch carries no mark; a lost create is recognised by its size and its answers, or held.',
      'Images and files are taken by public URL only.',
      'Batches go to one model; a batch at Vertex may take 96 hours.',
      'Accounts without data retention cannot send batches.',
    ],
    unsure: [
      'The discount is said to be half typically, so a price of yours counts in full unless it says batchFactor.',
    ],
  },
  create: async (options, environment) =>
    (await import('./adapter.ts')).createOpenRouterProvider(options, callbackAddress(environment)),
}
