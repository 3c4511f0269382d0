/** The public entry `llm-batch/provider`: the contract of a provider, and the adapters that come with the package. */

export { createAnthropicProvider } from './providers/anthropic/adapter.ts'
export type { ProviderFacts } from './providers/facts.ts'
export { createTransport, type TransportOptions } from './providers/http.ts'
export { createMistralProvider } from './providers/mistral/adapter.ts'
export { createOpenAIProvider, type OpenAIOptions } from './providers/openai/adapter.ts'
export * from './providers/provider.ts'
export type { ClaimedSignature, ProviderEntry, WebhookFacts } from './providers/provider-entry.ts'
export { registerProvider } from './providers/registry.ts'
export * from './providers/transport.ts'
