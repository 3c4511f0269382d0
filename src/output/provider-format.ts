import { jsonMembers, stringValue } from '../lib/json-members.ts'
import type { RowOutcome } from '../model/row.ts'
import { answerId } from './answer.ts'
import type { LineFormat } from './line-format.ts'

/**
 * Result lines as the provider wrote them, with the user's ids in place of ours. A row for which the provider wrote
 * none gets a line of the same form with an error.
 */
export function providerFormat(): LineFormat {
  return {
    header: '',
    line: (row) => `${providerLine(row)}\n`,
    formulaCells: 0,
  }
}

function providerLine(row: RowOutcome): string {
  const id = JSON.stringify(answerId(row))
  const { result } = row
  if (result === null || result.rawLine === null) {
    return `{"custom_id":${id},"response":null,"error":${JSON.stringify(errorOf(row))}}`
  }
  return withId(result.rawLine, result.wireId, id)
}

/** The raw line with this JSON string where our wire id stands. */
function withId(rawLine: string, wireId: string, id: string): string {
  for (const { start, end } of jsonMembers(rawLine).values()) {
    if (rawLine[start] === '"' && stringValue(rawLine, start, end) === wireId) {
      return rawLine.slice(0, start) + id + rawLine.slice(end)
    }
  }
  // The id stands deeper in the line: everything is kept, and the user's id goes in front.
  return rawLine.replace('{', () => `{"custom_id":${id},`)
}

function errorOf({ problem, result }: RowOutcome): { code: string; message: string } {
  if (result !== null) {
    const { status, code, reason } = result.outcome
    return { code: code ?? status, message: reason ?? `the request is ${status}` }
  }
  if (problem !== null) return { code: problem.code, message: problem.detail }
  return { code: 'pending', message: 'there is no result yet' }
}
