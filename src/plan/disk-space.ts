/** Sizes that the disk a run takes follows from. */
export interface DiskFacts {
  readonly requests: number
  /** Bytes of the frozen rows. */
  readonly rowBytes: number
  /** Bytes of the encoded batch inputs. */
  readonly inputBytes: number
  /** Most tokens per answer, where set for all requests. */
  readonly maxTokens: number | null
  /** Bytes of the answers, where these can be foreseen; 0 where they cannot. */
  readonly outputBytes: number
}

/** A result line besides the answer's text, by the providers' samples: ids, usage, finish reason. */
const RESULT_ENVELOPE_BYTES = 900

/** An answer's tokens where no limit is set; a few paragraphs. */
const ASSUMED_ANSWER_TOKENS = 400

/** Bytes of UTF-8 per token, roughly. */
const BYTES_PER_TOKEN = 4

/** State per request in the database with its indexes, rounded up. */
const STATE_BYTES = 400

/** Bytes of the result files of so many requests whose answers are texts of the usual length. */
export function usualResultBytes(requests: number): number {
  return requests * (RESULT_ENVELOPE_BYTES + ASSUMED_ANSWER_TOKENS * BYTES_PER_TOKEN)
}

/** Bytes of so many tokens as text, roughly. */
export function textBytes(tokens: number): number {
  return tokens * BYTES_PER_TOKEN
}

/**
 * Bytes a run takes at its end, roughly and rather too many: frozen rows, batch inputs, results as the provider wrote
 * them, state, and the answers file (the rows again, with the answers).
 */
export function estimateDiskBytes({ requests, rowBytes, inputBytes, maxTokens, outputBytes }: DiskFacts): number {
  const answerBytes = Math.min(maxTokens ?? ASSUMED_ANSWER_TOKENS, ASSUMED_ANSWER_TOKENS) * BYTES_PER_TOKEN
  const answers = outputBytes > 0 ? outputBytes : requests * answerBytes
  const results = requests * RESULT_ENVELOPE_BYTES + answers
  const answersFile = rowBytes + answers + requests * STATE_BYTES
  return rowBytes + inputBytes + results + requests * STATE_BYTES + answersFile
}
