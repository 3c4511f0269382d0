export type { ConnectModels, ModelSource } from './calls/model-calls.ts'
export { type BatchesOptions, createBatches } from './calls/sdk-batches.ts'
export { LlmBatchError } from './model/error.ts'
