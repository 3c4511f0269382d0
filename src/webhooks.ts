/** The public entry `llm-batch/webhooks`: takes the webhooks of providers in a program of one's own. */

export { LlmBatchError } from './model/error.ts'
export type { WebhookHandlers } from './webhooks/in/handlers.ts'
export { type OpenWebhooksOptions, openWebhooks, type Webhooks } from './webhooks/in/open-webhooks.ts'
export type { Woken } from './webhooks/in/receiver.ts'
