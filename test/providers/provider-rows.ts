import { HOST_PROFILES } from '../../src/providers/hosts/profiles.ts'
import type { Peculiarity } from '../../src/testing.ts'
import { HOST_ROWS } from './host-rows.ts'

/** The local server as a provider, and a model that is asked there. */
export interface ProviderRow {
  readonly name: string
  /** Where its API lies below the server. */
  readonly root: string
  readonly model: string
  readonly endpoint: string
  readonly peculiarities: readonly Peculiarity[]
}

const CHAT = '/v1/chat/completions'

/** In which ways Azure differs from OpenAI, by a reading of its pages that the adapter does not share. */
const AZURE: readonly Peculiarity[] = [
  'api-key-header',
  'plain-endpoints',
  'capitalised',
  'iso-times',
  'null-counts',
  'text-ids',
  'empty-error-file',
  'value-list',
  'slow-files',
  'quota-at-create',
  'dated-api',
]

/** A row for each provider. A host without a row of its own differs in nothing from OpenAI. */
export const PROVIDER_ROWS: readonly ProviderRow[] = [
  plain('openai', '/v1', 'gpt-6-luna'),
  plain('mistral', '/mistral/v1', 'mistral-small-latest'),
  plain('anthropic', '/anthropic', 'claude-haiku-5-5'),
  plain('gemini', '/gemini/v1beta', 'gemini-3.8-flash'),
  { ...plain('azure', '', 'my-batch-deployment'), peculiarities: AZURE },
  plain('openrouter', '/openrouter/api/v1', 'mistralai/mistral-small'),
  plain('xai', '/xai/v1', 'grok-4'),
  plain('local', '/v1', 'llama3.2'),
  ...HOST_PROFILES.map(({ endpoints: [endpoint = CHAT], name }) => {
    const { model = 'a-model', peculiarities = [] } = HOST_ROWS.find((row) => row.name === name) ?? {}
    return { ...plain(name, '/v1', model), endpoint, peculiarities }
  }),
]

function plain(name: string, root: string, model: string): ProviderRow {
  return { name, root, model, endpoint: CHAT, peculiarities: [] }
}
