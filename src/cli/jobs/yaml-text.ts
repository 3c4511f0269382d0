import { LlmBatchError } from '../../model/error.ts'

/** A file may come from someone else: few aliases, so that a small text cannot grow into a large one. */
const MOST_ALIASES = 100

/**
 * What a YAML text (and so a JSON text) says; the library is loaded for it. Tags are refused, since they ask for more than
 * data. Throws `usage` with line and column of a mistake; `name` is the file's.
 */
export async function parseYaml(text: string, name: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text.replace(/^\uFEFF/, ''), {
    version: '1.2',
    schema: 'core',
    lineCounter,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: 'silent',
  })
  const [flaw] = [...document.errors, ...document.warnings]
  if (flaw) {
    const { col, line } = lineCounter.linePos(flaw.pos[0])
    throw unreadable(`${name}:${line}:${col}: ${flaw.message}`, flaw)
  }
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES })
  } catch (error) {
    throw unreadable(`${name} has aliases that repeat too much of it`, error)
  }
}

function unreadable(message: string, cause: unknown): LlmBatchError {
  return new LlmBatchError('usage', message, { next: 'Correct it: it must be YAML or JSON, without tags.', cause })
}
