/**
 * Manner of sending a batch. `batch`: as a file, at the batch price. `priming`: the same, but before the others, which then
 * read from the provider's cache what its requests have written. `direct`: request by request in synchronous calls, before
 * anything is bought in batches; the canary. `tail`: the same at the end, for what a deadline has left over. `carried`:
 * never, because an earlier run has bought its answers.
 */
export type BatchKind = 'batch' | 'priming' | 'direct' | 'tail' | 'carried'

/** True for a batch that is created at the provider, at the batch price. */
export function isCreatedBatch(kind: BatchKind): boolean {
  return kind === 'batch' || kind === 'priming'
}

/** True where the requests are sent one by one, at the full price. */
export function isAskedDirectly({ kind }: { readonly kind: BatchKind }): boolean {
  return kind === 'direct' || kind === 'tail'
}
