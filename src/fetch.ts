export type { CallCounts } from './calls/call-run.ts'
export { type BatchCounts, OpenBatch, type OpenBatchOptions, openBatch } from './calls/open-batch.ts'
export { LlmBatchError } from './model/error.ts'
