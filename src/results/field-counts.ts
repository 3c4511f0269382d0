import { type JsonAnswer, jsonText } from './json-answer.ts'
import { type CountedValues, ValueCounts } from './value-counts.ts'

/** Parts of an answer that are counted apart. */
const MOST_FIELDS = 100

/** Deeper parts are counted as their JSON. */
const DEEPEST = 8

/** Parts with longer names are not counted. */
const LONGEST_PATH = 200

/** Longer lists, such as vectors, are counted by their length. */
const LONGEST_LIST = 100

/** Summary of one part of JSON answers. */
export interface FieldSummary {
  /** The path, such as `address.city`; `tags[]` for the members of a list, empty for the whole answer. */
  readonly path: string
  /** Answers that have it. */
  readonly answers: number
  readonly values: CountedValues
  /** Of the values that are numbers; null where none is. */
  readonly numbers: NumberRange | null
}

export interface NumberRange {
  readonly count: number
  readonly least: number
  readonly most: number
  readonly mean: number
}

/** Counts the parts of answers that are JSON, with bounded memory. */
export interface FieldCounts {
  add(json: JsonAnswer, example: string): void
  result(): { readonly fields: readonly FieldSummary[]; readonly hasMoreFields: boolean }
}

interface Field {
  answers: number
  /** The answer that was counted last, so that the members of a list count as one. */
  lastAnswer: number
  readonly values: ValueCounts
  numbers: number
  least: number
  most: number
  sum: number
}

/** Makes counts without any answer. */
export function fieldCounts(): FieldCounts {
  const fields = new Map<string, Field>()
  let answers = 0
  let hasMore = false

  function fieldAt(path: string): Field | undefined {
    const known = fields.get(path)
    if (known) return known
    if (fields.size >= MOST_FIELDS || path.length > LONGEST_PATH) {
      hasMore = true
      return undefined
    }
    const field = { answers: 0, lastAnswer: 0, values: new ValueCounts(), numbers: 0, least: 0, most: 0, sum: 0 }
    fields.set(path, field)
    return field
  }

  function addValue(path: string, value: unknown, example: string): void {
    const field = fieldAt(path)
    if (!field) return
    if (field.lastAnswer !== answers) field.answers += 1
    field.lastAnswer = answers
    field.values.add(typeof value === 'string' ? value.trim() : jsonText(value), example)
    if (typeof value === 'number') addNumber(field, value)
  }

  function addPart(path: string, value: unknown, depth: number, example: string): void {
    if (typeof value !== 'object' || value === null || depth === DEEPEST) addValue(path, value, example)
    else if (!Array.isArray(value)) {
      for (const [key, part] of Object.entries(value)) {
        addPart(path === '' ? key : `${path}.${key}`, part, depth + 1, example)
      }
    } else if (value.length > LONGEST_LIST || value.every((item) => typeof item === 'number')) {
      addValue(path, `list of ${value.length}`, example)
    } else for (const item of value) addPart(`${path}[]`, item, depth + 1, example)
  }

  return {
    add: (json, example) => {
      answers += 1
      addPart('', json, 0, example)
    },
    result: () => ({ fields: [...fields].map(([path, field]) => summaryOf(path, field)), hasMoreFields: hasMore }),
  }
}

function addNumber(field: Field, value: number): void {
  field.least = field.numbers === 0 ? value : Math.min(field.least, value)
  field.most = field.numbers === 0 ? value : Math.max(field.most, value)
  field.numbers += 1
  field.sum += value
}

function summaryOf(path: string, { answers, least, most, numbers, sum, values }: Field): FieldSummary {
  const range = numbers === 0 ? null : { count: numbers, least, most, mean: sum / numbers }
  return { path, answers, values: values.result(), numbers: range }
}
