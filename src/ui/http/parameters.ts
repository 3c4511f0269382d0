import { LlmBatchError } from '../../model/error.ts'

/** Parameters that every list has. */
export interface PageQuery {
  readonly cursor?: string | undefined
  readonly limit?: string | undefined
}

/** A whole number from 0 on; `usual` where the parameter is absent. Throws `usage` for any other text. */
export function readNumber<Usual extends number | undefined>(
  text: string | undefined,
  name: string,
  usual: Usual,
): number | Usual {
  if (text === undefined || text === '') return usual
  const number = Number(text)
  if (/^\d{1,15}$/.test(text)) return number
  throw new LlmBatchError('usage', `${name} must be a whole number, not ${JSON.stringify(text.slice(0, 50))}`)
}

/** The cursor that leads on from a place; null where nothing follows. */
export function cursorOf(place: number, total: number): string | null {
  return place < total ? String(place) : null
}
