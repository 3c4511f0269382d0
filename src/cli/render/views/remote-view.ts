import { placeOf, type RemoteInventory } from '../../../drive/remote/inventory.ts'
import type { UnknownBatch, UnknownFile } from '../../../drive/remote.ts'
import { formatDuration } from '../../../lib/duration.ts'
import { plainLine } from '../../../lib/plain-text.ts'
import { PROBE_MARK } from '../../../probe/one-row.ts'
import type { Colors } from '../terminal/colors.ts'
import { bytes, count, counted } from '../terminal/quantity.ts'
import { renderTable, type TableColumn } from '../terminal/table.ts'

const BATCH_COLUMNS: readonly TableColumn[] = [
  { title: 'batch' },
  { title: 'whose' },
  { title: 'state' },
  { title: 'requests', isNumeric: true },
  { title: 'made', isNumeric: true },
  { title: 'remark' },
]

const FILE_COLUMNS: readonly TableColumn[] = [
  { title: 'file' },
  { title: 'whose' },
  { title: 'size', isNumeric: true },
  { title: 'made', isNumeric: true },
  { title: 'remark' },
]

const MOST_NAME_CHARACTERS = 60

/** What lies at each provider that no run of this home knows, and what can be done about it. */
export function renderRemote(sights: readonly RemoteInventory[], now: number, colors: Colors): string {
  return sights.map((sight) => renderSight(sight, now, colors)).join('\n')
}

function renderSight(sight: RemoteInventory, now: number, colors: Colors): string {
  const { baseUrl, batches, files, provider } = sight
  const found = `${counted(batches.length, 'batch', 'batches')} and ${counted(files.length, 'file')}`
  const sections = [`${colors.bold(`${provider} at ${baseUrl}`)}: ${found} that no run of this home knows\n`]
  if (batches.length > 0) {
    const rows = batches.map((unknown) => batchCells(sight, unknown, now))
    sections.push(`${renderTable(BATCH_COLUMNS, rows, colors)}\n`)
  }
  if (files.length > 0) {
    const rows = files.map((unknown) => fileCells(unknown, now))
    sections.push(`${renderTable(FILE_COLUMNS, rows, colors)}\n`)
  }
  sections.push(...adviceFor(sight))
  return sections.join('\n')
}

function batchCells(sight: RemoteInventory, unknown: UnknownBatch, now: number): readonly string[] {
  const { batch, markers } = unknown
  const place = placeOf(sight, unknown)
  return [
    plainLine(batch.id),
    markers === null ? 'foreign' : 'ours',
    plainLine(batch.rawStatus, MOST_NAME_CHARACTERS),
    batch.counts === null ? '' : count(batch.counts.total),
    ageOf(batch.createdAt, now),
    place === undefined ? remarkOn(batch.metadata) : `the work of batch ${place.batch} of run ${place.runId}`,
  ]
}

function remarkOn(metadata: Readonly<Record<string, string>>): string {
  return PROBE_MARK in metadata ? 'made by doctor --live' : ''
}

function fileCells({ file, inputOf, isOurs, resultsOf }: UnknownFile, now: number): readonly string[] {
  const parts = [...inputOf.map((id) => `input of ${id}`), ...resultsOf.map((id) => `results of ${id}`)]
  return [
    plainLine(file.id),
    isOurs ? 'ours' : 'foreign',
    file.bytes === null ? '' : bytes(file.bytes),
    ageOf(file.createdAt, now),
    plainLine(parts.length > 0 ? parts.join(', ') : (file.name ?? ''), MOST_NAME_CHARACTERS),
  ]
}

function ageOf(at: Date | null, now: number): string {
  return at === null ? '' : `${formatDuration(now - at.getTime())} ago`
}

/** "Ours" may be the living work of another home with the same account, which only a person can know. */
function adviceFor(sight: RemoteInventory): readonly string[] {
  const { batches, files } = sight
  const runs = new Set(batches.flatMap((unknown) => placeOf(sight, unknown)?.runId ?? []))
  const lines = [...runs].map((run) => `Take over: llm-batch remote adopt ${run}`)
  if (batches.length > 0) lines.push('Cancel:    llm-batch remote cancel ID')
  if (files.length > 0) lines.push('Delete:    llm-batch remote delete ID')
  const isOursThere = batches.some(({ markers }) => markers !== null) || files.some(({ isOurs }) => isOurs)
  if (isOursThere) {
    lines.push('llm-batch made what is "ours", perhaps in another home of this account that still works on it.')
  }
  return lines.length === 0 ? [] : [`${lines.join('\n')}\n`]
}
