import type { ProviderEntry } from '../provider-entry.ts'

export const XAI: ProviderEntry = {
  name: 'xai',
  conventionName: 'x_ai',
  keyVariable: 'XAI_API_KEY',
  baseUrlVariable: 'XAI_BASE_URL',
  defaultBaseUrl: 'https://api.x.ai/v1',
  // Half by an older text, a fifth by a newer one, from a fifth to half by a third. A price of the user's own that does not
  // say counts in full.
  facts: { batchFactor: 1 },
  sheet: {
    title: 'xAI (Grok)',
    discount: null,
    asOf: '2026-11-28',
    tested: 'the local server, and no call of the provider itself',
    page: 'docs/providers/xai.md',
    oddities: [
      'The newest models are not enabled for batches; grok-4.5 and grok-4.6 were not.',
      'Nothing is known to stop a late create, so one that is not listed is held until you decide.',
      'A batch has no status word; its counts tell, and those of a cancelled one may move back.',
      'One malformed line makes xAI cancel the whole batch.',
      'Input files stay at xAI: no call that deletes one is known.',
    ],
    unsure: [
      'Batches save 20 to 50 %, by different texts; a price of yours counts in full unless it says batchFactor.',
      'Whether deleting the input file stops a late create is not documented; nothing relies on it.',
      'Whether results can be read before the end is not documented; they are read after it.',
      'Whether a failed row is billed is not documented, so none is sent again by itself.',
      'Whether answers can follow a schema is not known; a run with a schema is refused.',
    ],
  },
  create: async (options) => (await import('./adapter.ts')).createXaiProvider(options),
}
