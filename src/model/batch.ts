/**
 * Manner of sending a batch. `batch`: as a file, at the batch price. `direct`: request by request in synchronous calls,
 * before anything is bought in batches; the canary. `carried`: never, because an earlier run has bought its answers.
 */
export type BatchKind = 'batch' | 'direct' | 'carried'
