import { LlmBatchError } from '../model/error.ts'

/** What Standard Webhooks put before a secret in base64. */
export const SECRET_PREFIX = 'whsec_'

/** Fewer bytes could be guessed. */
const LEAST_BYTES = 16

/**
 * The key that a secret stands for: base64 behind `whsec_`, and the text itself otherwise, as the official SDKs read it.
 * Throws `configuration` for one that cannot be used, with the name of its variable and nothing of the secret.
 */
export function keyOf(secret: string, variable: string): Uint8Array {
  const isPrefixed = secret.startsWith(SECRET_PREFIX)
  const text = secret.slice(isPrefixed ? SECRET_PREFIX.length : 0)
  if (isPrefixed && !/^[\w+/-]+={0,2}$/.test(text)) throw unusable(variable, 'is not base64 behind whsec_')
  const key = Buffer.from(text, isPrefixed ? 'base64' : 'utf8')
  if (key.length < LEAST_BYTES) throw unusable(variable, `is shorter than ${LEAST_BYTES} bytes`)
  return key
}

function unusable(variable: string, reason: string): LlmBatchError {
  return new LlmBatchError('configuration', `a secret in ${variable} ${reason}`, {
    next: 'Copy it again from where it was shown; several are separated by commas.',
  })
}
