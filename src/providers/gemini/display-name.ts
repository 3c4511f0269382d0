const NONCE = 'llm_batch_nonce'
const CONTENT = 'llm_batch_content'

/** Begins every name that is ours. */
const HEAD = 'llm-batch-'

const OURS = /^llm-batch-([0-9a-z]+)(?:-([0-9a-f]{64}))?$/

type Metadata = Readonly<Record<string, string>>

/** The name of a batch: the only text of ours that Gemini repeats, so it holds both markers. */
export function displayNameOf(metadata: Metadata): string {
  const content = metadata[CONTENT]
  return `${HEAD}${metadata[NONCE] ?? ''}${content === undefined ? '' : `-${content}`}`
}

/** The markers in a name; none where it is not ours. */
export function markersIn(name: string | null): Metadata {
  const [, nonce, content] = OURS.exec(name ?? '') ?? []
  if (nonce === undefined) return {}
  return content === undefined ? { [NONCE]: nonce } : { [NONCE]: nonce, [CONTENT]: content }
}
