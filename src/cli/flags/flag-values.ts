import { InvalidArgumentError } from 'commander'
import { parseDeadline } from '../../drive/deadline.ts'
import { parseDuration } from '../../lib/duration.ts'
import { OUTCOME_STATUSES, type OutcomeStatus } from '../../model/outcome.ts'
import type { DeadlineWish } from '../../model/run.ts'

/** Reads a whole number above zero. */
export function countFlag(text: string): number {
  return wholeNumber(text, 1, 'It must be a whole number above zero.')
}

/** Reads a whole number, zero included. */
export function countOrZeroFlag(text: string): number {
  return wholeNumber(text, 0, 'It must be a whole number.')
}

function wholeNumber(text: string, least: number, complaint: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
  throw new InvalidArgumentError(complaint)
}

/** Reads a number, zero or above. */
export function numberFlag(text: string): number {
  const value = Number(text)
  if (/^\d*\.?\d+$/.test(text) && Number.isFinite(value)) return value
  throw new InvalidArgumentError('It must be a number, zero or above.')
}

/** Reads a number of megabytes, above zero. */
export function megabytesFlag(text: string): number {
  const value = numberFlag(text)
  if (value > 0) return value
  throw new InvalidArgumentError('It must be above zero.')
}

/** Reads an amount of US dollars, above zero. */
export function dollarsFlag(text: string): number {
  const amount = numberFlag(text.replace(/^\$/, ''))
  if (amount >= 0.000001) return amount
  throw new InvalidArgumentError('It must be above zero.')
}

/** Checks a duration such as `30s` and keeps it as text. */
export function durationFlag(text: string): string {
  durationMsFlag(text)
  return text
}

/** Reads a duration such as `30s` as milliseconds. */
export function durationMsFlag(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined) return milliseconds
  throw new InvalidArgumentError('Write a duration such as 200ms, 30s, 10m, 2h.')
}

/** Reads when a run should be done. */
export function deadlineFlag(text: string): DeadlineWish {
  const deadline = parseDeadline(text)
  if (deadline !== undefined) return deadline
  throw new InvalidArgumentError('Write a duration such as 20h, an instant such as 2026-11-24T08:00Z, or none.')
}

/** Reads `key=value` and adds it to those before; the value is JSON where it parses as such, else text. */
export function parameterFlag(text: string, before: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as key=value.')
  return { ...before, [text.slice(0, at)]: jsonOrText(text.slice(at + 1)) }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: the text itself is meant.
    return text
  }
}

/** Reads a CSV delimiter; `\t`, as a shell hands it over, is a tab. */
export function delimiterFlag(text: string): string {
  const delimiter = text === String.raw`\t` ? '\t' : text
  if (delimiter.length === 1) return delimiter
  throw new InvalidArgumentError(String.raw`It must be one character, such as ; or \t.`)
}

/** Outcomes that can be bought again. */
const UNSUCCESSFUL = OUTCOME_STATUSES.filter((status) => status !== 'succeeded')

/** Reads statuses separated by commas. */
export function statusesFlag(text: string): readonly OutcomeStatus[] {
  return text.split(',').map((word) => {
    const status = UNSUCCESSFUL.find((known) => known === word.trim())
    if (status) return status
    throw new InvalidArgumentError(`Statuses are ${UNSUCCESSFUL.join(', ')}.`)
  })
}

/** One name of a list, as a field of a CSV line; the library for whole files takes long to load. */
const NAME = /(?<=^|,)(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))/g

/** Reads column names separated by commas and adds them to those before; a name with a comma in it stands in quotes. */
export function columnsFlag(text: string, before: readonly string[] = []): readonly string[] {
  if (text === '') throw new InvalidArgumentError('Name columns, such as id,text,llm_output.')
  const names = [...text.matchAll(NAME)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
  return [...before, ...names]
}

/** Gathers a flag that may be given several times. */
export function repeatedFlag(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
