import type { AnswerNote } from '../model/answer.ts'

/** JSON as it was found in an answer. */
export interface FoundJson {
  readonly value: unknown
  /** Its own text. */
  readonly json: string
  /** What had to be overlooked; null where the whole answer was JSON. */
  readonly note: AnswerNote | null
}

/** Wanted JSON in text that has more than JSON. */
export type Wanted = 'object' | 'array' | 'any'

/** Beginnings tried in stray text, each of which may lead to its end: so the time taken stays linear. */
const MOST_BEGINNINGS = 100

const FENCE = '```'

/**
 * Reads the JSON that a model wrote: the whole text, else what stands in a code fence, else the first complete object or
 * list within other text. Undefined where there is none. Never throws.
 */
export function readJson(text: string, wanted: Wanted): FoundJson | undefined {
  const whole = text.trim().replace(/^\uFEFF/, '')
  const found = parsed(whole)
  if (found) return { ...found, note: null }
  const fenced = inFence(whole)
  if (fenced) return { ...fenced, note: 'code_fence' }
  const stray = inStrayText(whole, wanted)
  return stray && { ...stray, note: 'stray_text' }
}

type Parsed = Pick<FoundJson, 'value' | 'json'>

function parsed(json: string): Parsed | undefined {
  try {
    return { value: JSON.parse(json) as unknown, json }
  } catch {
    // Not JSON; the caller looks on.
    return undefined
  }
}

/** The fence may end at the last mark or at the first: a text inside of the JSON may hold marks of its own. */
function inFence(text: string): Parsed | undefined {
  for (let open = text.indexOf(FENCE), tried = 0; open >= 0 && tried < MOST_BEGINNINGS; tried += 1) {
    const start =
      open +
      FENCE.length +
      (/^[\w+-]*/.exec(text.slice(open + FENCE.length, open + FENCE.length + 20))?.[0].length ?? 0)
    const first = text.indexOf(FENCE, start)
    const last = text.lastIndexOf(FENCE)
    const found =
      parsed(text.slice(start, first < 0 ? text.length : first).trim()) ??
      (last > first ? parsed(text.slice(start, last).trim()) : undefined)
    if (found) return found
    open = text.indexOf(FENCE, start)
  }
  return undefined
}

function inStrayText(text: string, wanted: Wanted): Parsed | undefined {
  const opening = wanted === 'object' ? /\{/g : wanted === 'array' ? /\[/g : /[{[]/g
  let tried = 0
  for (const { index } of text.matchAll(opening)) {
    if ((tried += 1) > MOST_BEGINNINGS) return undefined
    const end = balancedEnd(text, index)
    const found = end < 0 ? undefined : parsed(text.slice(index, end))
    if (found) return found
  }
  return undefined
}

/** Where the object or list that begins here ends, strings respected; -1 where it does not. */
function balancedEnd(text: string, start: number): number {
  let depth = 0
  let isInString = false
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]
    if (isInString) {
      if (character === '\\') at += 1
      else if (character === '"') isInString = false
    } else if (character === '"') isInString = true
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return -1
}
