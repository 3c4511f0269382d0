import type { Ajv, ErrorObject } from 'ajv'
import { plainLine } from '../lib/plain-text.ts'
import type { AnswerDefinition, AnswerNote, JsonSchema } from '../model/answer.ts'
import { LlmBatchError, messageOf } from '../model/error.ts'
import type { StructuredAnswer } from '../model/row.ts'
import { describeMismatch } from './mismatch.ts'
import { readAnswer } from './read-answer.ts'

const MOST_MESSAGE_CHARACTERS = 600

/** A class of validators, one for each draft of JSON Schema. */
type Draft = typeof Ajv

/** Result of a check of an answer. */
export type CheckedAnswer =
  | { readonly isValid: true; readonly note: AnswerNote | null }
  | { readonly isValid: false; readonly code: 'invalid_json' | 'schema_mismatch'; readonly message: string }

/** Checks the text of an answer; a promise only where the user's own validator is asynchronous. */
export type AnswerCheck = (text: string) => CheckedAnswer | Promise<CheckedAnswer>

/** Judges a value by code of the user's: what is wrong with it, or null. May be asynchronous. */
export type ValueJudge = (value: unknown) => string | null | Promise<string | null>

/**
 * Makes the check of a run, compiled once. What fits the schema is put before the user's own judge, where there is one.
 * @throws LlmBatchError `usage` for a schema that cannot be used
 */
export async function createAnswerCheck({ schema }: AnswerDefinition, judge?: ValueJudge): Promise<AnswerCheck> {
  const mismatchOf = await compile(schema)
  return (text) => {
    try {
      const answer = readAnswer(text, schema)
      if (!answer) return { isValid: false, code: 'invalid_json', message: whyNoJson(text) }
      const mismatch = mismatchOf(answer.value)
      if (mismatch !== null) return { isValid: false, code: 'schema_mismatch', message: told(mismatch) }
      return judge ? judged(answer, judge) : { isValid: true, note: answer.note }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return { isValid: false, code: 'schema_mismatch', message: 'the answer nests too deeply to be checked' }
    }
  }
}

function judged(answer: StructuredAnswer, judge: ValueJudge): CheckedAnswer | Promise<CheckedAnswer> {
  const conclude = (message: string | null): CheckedAnswer =>
    message === null
      ? { isValid: true, note: answer.note }
      : { isValid: false, code: 'schema_mismatch', message: told(message) }
  const message = judge(answer.value)
  return message instanceof Promise ? message.then(conclude) : conclude(message)
}

/** Messages hold words of the model, and go to terminals and into further questions. */
function told(message: string): string {
  return plainLine(message, MOST_MESSAGE_CHARACTERS)
}

function whyNoJson(text: string): string {
  const beginsWell = /^\s*(?:```\w*\s*)?(?:\{\s*["}]|\[\s*["{[\]\d-])/.test(text)
  return beginsWell ? 'the answer begins like JSON, but it is broken or ends early' : 'the answer contains no JSON'
}

/** What is wrong with a value by the schema, or null. The validator is loaded when the first schema is compiled. */
async function compile(schema: JsonSchema): Promise<(value: unknown) => string | null> {
  const { $schema, ...rest } = schema
  const Draft = await draftOf(typeof $schema === 'string' ? $schema : '')
  try {
    assertSchema(Draft, rest)
    const validate = new Draft({ ...OPTIONS, validateSchema: false }).compile(rest)
    return (value) => (validate(value) ? null : describeMismatch((validate.errors ?? []) as readonly ErrorObject[]))
  } catch (error) {
    throw new LlmBatchError('usage', `the schema cannot be used: ${messageOf(error)}`, {
      next: 'Correct it; it is read as JSON Schema 2020-12 unless its $schema says otherwise.',
      cause: error,
    })
  }
}

/** The validator of the draft that the schema names. */
async function draftOf(name: string): Promise<Draft> {
  if (/draft-0[4-7]/.test(name)) return (await import('ajv')).Ajv
  if (name.includes('2019-09')) return (await import('ajv/dist/2019.js')).Ajv2019
  return (await import('ajv/dist/2020.js')).Ajv2020
}

/** One of each draft that was needed, for the schemas themselves: to compile what they must fit takes longest. */
const judges = new Map<Draft, Ajv>()

/** @throws Error for what is not a schema in this draft */
function assertSchema(Draft: Draft, schema: JsonSchema): void {
  const judge = judges.get(Draft) ?? new Draft(OPTIONS)
  judges.set(Draft, judge)
  // A promise only where the draft itself were an asynchronous schema.
  void judge.validateSchema(schema, true)
}

/**
 * Formats of strings that are checked, by their names in JSON Schema; others count as remarks, as the standard has it.
 * All expressions take linear time.
 */
const FORMATS: Readonly<Record<string, RegExp | ((text: string) => boolean)>> = {
  date: isDate,
  time: /^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i,
  'date-time': (text) =>
    isDate(text.slice(0, 10)) && /^T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(text.slice(10)),
  duration: /^P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/,
  email: /^[^\s@"(),:;<>[\\\]]+@[^\s@.]+(?:\.[^\s@.]+)*$/,
  hostname: /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i,
  ipv4: /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/,
  uri: (text) => /^[a-z][a-z0-9+.-]*:/i.test(text) && !/\s/.test(text) && URL.canParse(text),
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
}

/** Words that a draft does not know are remarks. */
const OPTIONS = { strict: false, allErrors: true, verbose: true, logger: false, formats: FORMATS } as const

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const day = new Date(`${text}T00:00:00Z`)
  // A 30th of February becomes a day in March.
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}
