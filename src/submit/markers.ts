import { isNonce } from '../model/ids.ts'
import type { RemoteBatch } from '../providers/provider.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'

/** Marks that prove a remote batch to be ours, and of which work. */
export type Markers = Pick<AttemptRecord, 'nonce' | 'contentHash'>

/** The markers as metadata: within the smallest limits of all providers. */
export function markerMetadata({ contentHash, nonce }: Markers): Readonly<Record<string, string>> {
  return { llm_batch_nonce: nonce, llm_batch_content: contentHash }
}

/** The markers that a remote batch carries; null where it carries none that can be ours. */
export function markersOf({ metadata }: Pick<RemoteBatch, 'metadata'>): Markers | null {
  const { llm_batch_content: contentHash, llm_batch_nonce: nonce } = metadata
  if (nonce === undefined || contentHash === undefined) return null
  return isNonce(nonce) && /^[0-9a-f]{64}$/.test(contentHash) ? { nonce, contentHash } : null
}
