import { LlmBatchError } from '../model/error.ts'

/** Form of a CSV file. */
export interface CsvDialect {
  readonly delimiter: string
  /** What ends a record: a line feed (a carriage return before it is dropped), or a lone carriage return. */
  readonly newline: '\n' | '\r'
}

/** In the order in which a tie is decided. */
const DELIMITERS = [',', ';', '\t', '|'] as const

/**
 * What the header line shows: the delimiter that it holds most often outside quotes, comma where it holds none. Only
 * the header is asked, because prompts are full of commas and semicolons. Undefined where the text ends before the
 * header does and more is to come.
 */
export function detectDialect(text: string, isAll: boolean): CsvDialect | undefined {
  const counts = new Map<string, number>(DELIMITERS.map((delimiter) => [delimiter, 0]))
  let isQuoted = false
  const begin = text.search(/[^\r\n]/)
  if (begin < 0 && !isAll) return undefined
  for (let at = Math.max(0, begin); at < text.length; at += 1) {
    const character = text.charAt(at)
    if (character === '"') isQuoted = !isQuoted
    if (isQuoted) continue
    if (character === '\n') return { delimiter: mostFrequent(counts), newline: '\n' }
    if (character === '\r') {
      if (at === text.length - 1 && !isAll) return undefined
      return { delimiter: mostFrequent(counts), newline: text[at + 1] === '\n' ? '\n' : '\r' }
    }
    const seen = counts.get(character)
    if (seen !== undefined) counts.set(character, seen + 1)
  }
  return isAll ? { delimiter: mostFrequent(counts), newline: '\n' } : undefined
}

function mostFrequent(counts: ReadonlyMap<string, number>): string {
  return DELIMITERS.reduce((best, next) => ((counts.get(next) ?? 0) > (counts.get(best) ?? 0) ? next : best))
}

/**
 * The delimiter a user gave; `tab` and `\t` stand for a tab, which is hard to type in a shell.
 * @throws LlmBatchError `usage` for what cannot delimit
 */
export function givenDelimiter(text: string): string {
  if (text === 'tab' || text === '\\t') return '\t'
  if (text.length === 1 && !/["\r\n\ufeff]/.test(text)) return text
  throw new LlmBatchError('usage', `${JSON.stringify(text)} cannot be a CSV delimiter`, {
    next: 'Give one character such as "," or ";", or the word tab.',
  })
}
