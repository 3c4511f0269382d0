/**
 * Finding of a live probe about one assumption: it `holds`, it is `broken`, or it stayed `unclear`, with a
 * sentence that tells what was seen.
 */
export interface ProbeFinding {
  readonly verdict: 'holds' | 'broken' | 'unclear'
  readonly seen: string
}

/**
 * The assumptions that a live probe tests.
 *
 * - `deletedInput`: a batch created from a deleted input file cannot start, on which the fence rests.
 * - `listing`: a new batch is listed within the settle wait, on which the proof of absence rests.
 * - `cancel`: a cancelled batch ends, and says what it leaves.
 * - `deletedWhileQueued`: what deleting the input of a batch does that was just created.
 * - `recognition`: the list tells how many requests a batch has, and its answers whose it is, on which the search for a lost
 *   create rests where a create carries its requests and no mark.
 */
export const PROBE_QUESTIONS = ['deletedInput', 'listing', 'cancel', 'deletedWhileQueued', 'recognition'] as const

export type ProbeQuestion = (typeof PROBE_QUESTIONS)[number]

/** One live probe, as stored; therefore versioned. Instants are epoch milliseconds. */
export interface ProbeRecord {
  readonly version: 1
  readonly at: number
  readonly provider: string
  readonly baseUrl: string
  /** `provider/model`. */
  readonly model: string
  /** Salt and salted digest of the key and scope it was made with; they tell nothing of the key. */
  readonly salt: string
  readonly account: string
  /** How long after its create the probe's batch was first listed; null where it was not seen. */
  readonly listedAfterMs: number | null
  /** Questions that do not apply to the provider have none. */
  readonly findings: Readonly<Partial<Record<ProbeQuestion, ProbeFinding>>>
}
