const NONCE = 'llm_batch_nonce'
const CONTENT = 'llm_batch_content'
/** Set on batches of live tests only. */
const PROBE = 'llm_batch_probe'

/** Begins every name that is ours. */
const HEAD = 'llm-batch-'

/** A name that was cut behind the nonce is still ours. */
const OURS = /^llm-batch-([0-9a-z]+)(?:-([0-9a-f]{0,64}))?(-probe)?$/

/** Of the hash of a content, in hexadecimal digits. */
const HASH_LENGTH = 64

type Metadata = Readonly<Record<string, string>>

/** The name of a batch: the only text of ours that Gemini repeats, so it holds all markers. */
export function displayNameOf(metadata: Metadata): string {
  const content = metadata[CONTENT]
  const parts = [metadata[NONCE] ?? '', ...(content === undefined ? [] : [content])]
  return `${HEAD}${parts.join('-')}${PROBE in metadata ? '-probe' : ''}`
}

/** The markers in a name; none where it is not ours. */
export function markersIn(name: string | null): Metadata {
  const [, nonce, content, probe] = OURS.exec(name ?? '') ?? []
  if (nonce === undefined) return {}
  return {
    [NONCE]: nonce,
    ...(content?.length === HASH_LENGTH ? { [CONTENT]: content } : {}),
    ...(probe === undefined ? {} : { [PROBE]: '1' }),
  }
}
