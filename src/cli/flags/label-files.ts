import { resolve } from 'node:path'
import { openInput } from '../../input/open.ts'
import type { Disk } from '../../lib/disk.ts'
import { nearMatches } from '../../lib/near-match.ts'
import { LlmBatchError } from '../../model/error.ts'
import { labelSourceOf } from '../../schema/fields.ts'

/** The file and column that labels are read from. */
interface LabelSource {
  readonly disk: Disk
  readonly workingFolder: string
}

/**
 * The choices of each field that names a file in their place, by that name: `@labels.txt` has one a line, `@rows.csv:gold`
 * the values of a column, each once, in the order of their first row. Throws `usage` where a file has none.
 */
export async function readLabels(
  fields: readonly string[],
  place: LabelSource,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const labels = new Map<string, readonly string[]>()
  for (const field of fields) {
    const source = labelSourceOf(field)
    if (source !== undefined) labels.set(source, await labelsIn(source.slice(1), place))
  }
  return labels
}

async function labelsIn(named: string, { disk, workingFolder }: LabelSource): Promise<readonly string[]> {
  const { column, path } = await columnNamed(named, { disk, workingFolder })
  const labels = new Set<string>()
  for await (const reads of openInput({ source: { path: resolve(workingFolder, path) }, disk })) {
    for (const read of reads) {
      if ('problem' in read)
        throw unusable(named, `its line ${read.problem.line} cannot be read: ${read.problem.detail}`)
      const label = labelOf(read.row.record, column, named)
      if (label !== '') labels.add(label)
    }
  }
  if (labels.size < 2)
    throw unusable(named, `it has ${labels.size === 0 ? 'no labels' : 'one label'}; choices need at least two`)
  return [...labels]
}

/** A name may have a colon of its own, so that a file of the whole name comes first. */
async function columnNamed(named: string, { disk, workingFolder }: LabelSource) {
  const colon = named.lastIndexOf(':')
  if (colon < 0 || (await disk.size(resolve(workingFolder, named))) !== undefined) return { path: named, column: null }
  return { path: named.slice(0, colon), column: named.slice(colon + 1).trim() }
}

function labelOf(record: Readonly<Record<string, unknown>>, column: string | null, named: string): string {
  const names = Object.keys(record)
  const chosen = column ?? (names.length === 1 ? names[0] : undefined)
  if (chosen === undefined || !Object.hasOwn(record, chosen)) {
    const near = column === null ? [] : nearMatches(column, names)
    const hint = near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''
    throw unusable(
      named,
      `${column === null ? 'name one of its columns' : `it has no column ${column}`}: ${names.join(', ')}${hint}`,
    )
  }
  const value = record[chosen]
  return value === null ? '' : (typeof value === 'string' ? value : JSON.stringify(value)).trim()
}

function unusable(named: string, what: string): LlmBatchError {
  return new LlmBatchError('usage', `labels cannot be read from ${named}: ${what}`, {
    next: 'Write @FILE for a text with one label a line, or @FILE:COLUMN for a column of a table.',
  })
}
