import { z } from 'zod'
import { isJsonObject } from '../../lib/json.ts'
import type { ModelAnswer } from './answer.ts'
import { jsonAnswer } from './answer-json.ts'

/** Bytes of a number in a packed vector. */
const FLOAT_BYTES = 4

/** Packed bytes of another kind than floats give numbers far beyond this; those of a vector are about one. */
const GREATEST_NUMBER = 1e6

const embeddingSchema = z
  .object({
    data: z
      .array(
        z.object({
          embedding: z.union([z.string(), z.custom<unknown[]>(Array.isArray)]),
          index: z.number().optional().catch(undefined),
        }),
      )
      .min(1),
  })
  .transform(({ data }) => oneOrAll(inOrder(data).map(({ embedding }) => unpacked(embedding))))

/**
 * One vector as itself, several as a list in the order of their inputs. `source` is JSON text that holds the body: vectors
 * are long, and copying their text takes a fraction of the time of writing their numbers again.
 */
export function vectorAnswer(body: unknown, source?: string): ModelAnswer {
  const text = source === undefined ? undefined : vectorText(body, source)
  return text === undefined
    ? jsonAnswer(embeddingSchema, body)
    : { kind: 'text', text, isJson: true, finishReason: null }
}

const plainSchema = z.object({
  data: z.array(z.object({ embedding: z.custom<unknown[]>(Array.isArray), index: z.number().optional() })).min(1),
})

/** Cannot stand inside of a JSON string, where its quotes would be escaped. */
const VECTOR = /"embedding":\s*(\[[^[\]\n]*\])/g

/** The vectors as the provider wrote them; undefined where they are not plain lists in the order of their inputs. */
function vectorText(body: unknown, source: string): string | undefined {
  const parsed = plainSchema.safeParse(body)
  if (!parsed.success || inOrder(parsed.data.data) !== parsed.data.data) return undefined
  const texts = Array.from(source.matchAll(VECTOR), ([, text]) => text)
  if (texts.length !== parsed.data.data.length) return undefined
  return texts.length === 1 ? texts[0] : `[${texts.join(',')}]`
}

function inOrder<Item extends { readonly index?: number | undefined }>(items: readonly Item[]): readonly Item[] {
  const isInOrder = items.every(({ index }, place) => index === undefined || index === place)
  return isInOrder ? items : items.toSorted((one, other) => (one.index ?? 0) - (other.index ?? 0))
}

/** The numbers of a vector that was asked for as base64; other text stays as it was. */
function unpacked(embedding: string | readonly unknown[]): unknown {
  if (typeof embedding !== 'string') return embedding
  const bytes = Buffer.from(embedding, 'base64')
  if (bytes.length === 0 || bytes.length % FLOAT_BYTES !== 0) return embedding
  const numbers = Array.from({ length: bytes.length / FLOAT_BYTES }, (_, place) =>
    bytes.readFloatLE(place * FLOAT_BYTES),
  )
  return numbers.every((number) => Math.abs(number) <= GREATEST_NUMBER) ? numbers : embedding
}

/** One verdict as itself, several as a list; with `flagged` also where the provider gives the categories only (Mistral). */
export function moderationAnswer(body: unknown): ModelAnswer {
  return jsonAnswer(resultsSchema(withFlag), body)
}

function withFlag(result: unknown): unknown {
  if (!isJsonObject(result) || Object.hasOwn(result, 'flagged') || !isJsonObject(result['categories'])) return result
  return { flagged: Object.values(result['categories']).includes(true), ...result }
}

/** The result of each target, with the label that has the highest score before all scores. */
export function classificationAnswer(body: unknown): ModelAnswer {
  return jsonAnswer(resultsSchema(withLabels), body)
}

function withLabels(result: unknown): unknown {
  if (!isJsonObject(result)) return result
  return Object.fromEntries(Object.entries(result).map(([target, verdict]) => [target, withLabel(verdict)]))
}

function withLabel(verdict: unknown): unknown {
  if (!isJsonObject(verdict) || Object.hasOwn(verdict, 'label') || !isJsonObject(verdict['scores'])) return verdict
  const scores = Object.entries(verdict['scores']).filter((entry): entry is [string, number] =>
    Number.isFinite(entry[1]),
  )
  const [best] = scores.toSorted((one, other) => other[1] - one[1])
  return { label: best?.[0] ?? null, ...verdict }
}

function resultsSchema(read: (result: unknown) => unknown): z.ZodType {
  return z
    .object({ results: z.array(z.unknown()).min(1) })
    .transform(({ results }) => oneOrAll(results.map((result) => read(result))))
}

function oneOrAll(list: readonly unknown[]): unknown {
  return list.length === 1 ? list[0] : list
}
