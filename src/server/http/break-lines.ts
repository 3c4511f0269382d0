import { isJsonObject, type JsonObject } from '../../lib/json.ts'
import type { Line } from '../../lib/jsonl.ts'
import type { FaultName } from '../faults/catalogue.ts'
import type { ActiveFaults } from '../faults/injector.ts'

const LINE_FAULTS: readonly FaultName[] = [
  'bom',
  'crlf',
  'blank-lines',
  'no-final-newline',
  'doubled-lines',
  'conflicting-lines',
  'missing-lines',
  'foreign-lines',
  'unparseable-lines',
  'text-bodies',
]

/** True where a fault changes the lines of a result file. */
export function hasLineFault(faults: ActiveFaults): boolean {
  return LINE_FAULTS.some((name) => faults.has(name))
}

/** The lines of a result file, changed. Faults may be combined. */
export async function* breakLines(
  faults: ActiveFaults,
  pieces: AsyncIterable<readonly Line[]>,
): AsyncIterable<Uint8Array> {
  const ending = `${faults.has('crlf') ? '\r\n' : '\n'}${faults.has('blank-lines') ? '\n' : ''}`
  let pending = faults.has('bom') ? '\uFEFF' : ''
  let number = 0
  for await (const lines of pieces) {
    let text = ''
    for (const line of lines) {
      number += 1
      const changed = linesFor(faults, Buffer.from(line.bytes).toString(), number)
      for (const one of changed) {
        text += pending + one
        pending = ending
      }
    }
    yield Buffer.from(text)
  }
  if (!faults.has('no-final-newline') && number > 0) yield Buffer.from(pending)
}

/** What comes in place of one line. */
function linesFor(faults: ActiveFaults, line: string, number: number): readonly string[] {
  if (isChosen(faults.argument('missing-lines'), number)) return []
  if (isChosen(faults.argument('unparseable-lines'), number)) return [line.slice(0, Math.floor(line.length / 2))]
  const written = faults.has('text-bodies') ? withTextBody(line) : line
  const lines = faults.has('doubled-lines') ? [written, written] : [written]
  if (number > 1) return lines
  if (faults.has('foreign-lines')) lines.unshift(withMember(line, { custom_id: 'zzzzzzzzzzzzzzzz' }))
  if (faults.has('conflicting-lines')) lines.push(withAnotherAnswer(line))
  return lines
}

/** True for every so-many-th line, beginning with the first. */
function isChosen(share: string | undefined, number: number): boolean {
  if (share === undefined) return false
  const every = Math.max(1, Math.round(1 / Number(share)))
  return (number - 1) % every === 0
}

function withMember(line: string, member: JsonObject): string {
  const value: unknown = JSON.parse(line)
  return JSON.stringify(isJsonObject(value) ? { ...value, ...member } : value)
}

function withTextBody(line: string): string {
  const value: unknown = JSON.parse(line)
  if (!isJsonObject(value) || !isJsonObject(value['response'])) return line
  const { response } = value
  return JSON.stringify({ ...value, response: { ...response, body: JSON.stringify(response['body']) } })
}

function withAnotherAnswer(line: string): string {
  return line.replace('[simulated]', '[simulated] another')
}
