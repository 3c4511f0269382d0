import type { CanarySettings } from '../config/settings.ts'
import { jsonMembers } from '../lib/json-members.ts'
import { peek } from '../lib/peek.ts'
import type { InputShape } from '../model/run.ts'
import { type Target, targetKey } from '../model/target.ts'
import { factsOf } from '../providers/known.ts'
import type { FirstCandidate, FirstChoice } from './first-choice.ts'
import type { PlannableRequest, PreparedRow } from './prepared-row.ts'

/** Sets of parameters that have a canary; a file where every row has its own is not asked about row by row. */
const MOST_SETS = 5

/** Rows read ahead hold at most about this much in memory; what is larger has a canary, however few its rows are. */
const MOST_AHEAD_CHARACTERS = 32 * 1_024 * 1_024

/** Rows with what was read ahead of them put back, and whether there are enough requests for a canary. */
export interface AheadRead {
  readonly isLarge: boolean
  readonly rows: AsyncIterable<readonly PreparedRow[]>
}

/** Requests that are looked at before the first one is placed, where what they share decides how they are sent. */
const LOOKED_AT = 1_000

/**
 * Reads on until it is known whether an input is large; a part of it at most is held in memory. `lookAt` is shown the
 * requests of that part, of which there are then at least a thousand, or all.
 */
export async function readAhead(
  rows: AsyncIterable<readonly PreparedRow[]>,
  aboveRequests: number,
  lookAt?: (request: PlannableRequest) => void,
): Promise<AheadRead> {
  const wanted = lookAt ? Math.max(aboveRequests, LOOKED_AT) : aboveRequests
  let requests = 0
  let characters = 0
  const isEnough = (list: readonly PreparedRow[]): boolean => {
    for (const { json, origin, request } of list) {
      if (request && !origin) {
        requests += 1
        lookAt?.(request)
      }
      characters += json.length + (request?.body.length ?? 0)
    }
    return requests > wanted || characters > MOST_AHEAD_CHARACTERS
  }
  const { all, isWhole } = await peek(rows, isEnough, (list) => list.map(copyOf))
  return { isLarge: !isWhole || requests > aboveRequests, rows: all }
}

/**
 * Rows that are kept are copies: V8 sees that nearly all rows of the beginning live long, and would from then on make each
 * row where long-lived objects are, which keeps the texts of rows as well. Measured: 200 MB of it in 50,000 rows of 1 KB.
 */
function copyOf(row: PreparedRow): PreparedRow {
  return { ...row, request: row.request && { ...row.request } }
}

/**
 * Chooses the requests that are asked directly before anything is bought in batches: the first few of each set of
 * parameters, so that the choice is the same whenever the same input is frozen.
 */
export class CanaryChoice implements FirstChoice {
  readonly kind = 'direct'
  readonly #settings: CanarySettings
  readonly #canCallDirectly: (target: Target) => boolean
  readonly #shape: InputShape
  readonly #sets = new Map<string, number>()
  /** What was asked of `canCallDirectly`: there are few targets and many requests. */
  readonly #callable = new Map<Target, boolean>()

  constructor(settings: CanarySettings, shape: InputShape, canCallDirectly: (target: Target) => boolean) {
    this.#settings = settings
    this.#shape = shape
    this.#canCallDirectly = canCallDirectly
  }

  /** The set for which this request is to be asked directly; null for a request that goes into a batch. */
  setFor({ body, target }: FirstCandidate): string | null {
    const isCallable = this.#callable.get(target) ?? this.#canCallDirectly(target)
    this.#callable.set(target, isCallable)
    if (!isCallable) return null
    // Prompts and chat rows of a run all have the parameters of its command line.
    const parameters = this.#shape === 'provider' ? parametersOf(body, target.provider) : ''
    const set = `${targetKey(target)} ${parameters}`
    const chosen = this.#sets.get(set) ?? 0
    const isFull = chosen >= this.#settings.requests || (chosen === 0 && this.#sets.size >= MOST_SETS)
    if (isFull) return null
    this.#sets.set(set, chosen + 1)
    return set
  }
}

/** How a body asks, as one text: its fields in alphabetical order. */
function parametersOf(body: string, provider: string): string {
  const { contentFields } = factsOf(provider)
  return [...jsonMembers(body)]
    .filter(([name]) => !contentFields.includes(name))
    .map(([name, { end, start }]) => `${JSON.stringify(name)}:${body.slice(start, end)}`)
    .sort()
    .join()
}
