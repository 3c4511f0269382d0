import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { DatabaseSync } from '@photostructure/sqlite'
import type { FileFacts } from '../../src/model/file-facts.ts'
import { stemOf } from '../../src/model/result-ref.ts'
import type { SettledBatch } from '../../src/store/port/batch.ts'
import type { RowFiles } from '../../src/store/port/run.ts'
import { runFolder, statePath } from '../../src/store/run-folder.ts'
import { HOME, type World } from './world.ts'

interface NamedRow {
  readonly run: string
  readonly nonce: string | null
  readonly plan: string | null
  readonly settled: string | null
  readonly portion: number | null
  readonly sharing: string | null
  readonly rowFiles: string | null
}

/** Drafts may lose their files before the catalog forgets them. */
const SELECT_NAMED = `
  select r.id as run, p.number as portion, p.sharing, p.row_files as "rowFiles", b.plan, b.settled, f.nonce
  from runs r
  left join portions p on p.run = r.key
  left join batches b on b.run = r.key
  left join attempts f on f.batch = b.key and f.number = 1
  where r.state <> 'preparing'`

/**
 * Files that the catalog names and that are not on the disk as it says: each was forced there before it was named.
 * Read from the database and the disk, past the client, which would make some of them again.
 */
export function namedFilesAmiss(world: World): readonly string[] {
  const state = world.disk.real(statePath(HOME))
  if (!existsSync(state)) return []
  const database = new DatabaseSync(state)
  try {
    const hasRuns = database.prepare("select 1 from sqlite_master where name = 'runs'").get() !== undefined
    const rows = hasRuns ? (database.prepare(SELECT_NAMED).all() as unknown as NamedRow[]) : []
    const files = new Map(rows.flatMap(namedIn))
    return [...files].filter(([path, facts]) => !isThere(world, path, facts)).map(([path]) => path)
  } finally {
    database.close()
  }
}

function namedIn({
  nonce,
  plan,
  portion,
  rowFiles,
  run,
  settled,
  sharing,
}: NamedRow): readonly (readonly [string, FileFacts])[] {
  const folder = runFolder(HOME, run)
  const outcomes = settled === null ? null : (JSON.parse(settled) as SettledBatch)
  const files = folder.portion(portion ?? 1)
  const frozen = rowFiles === null ? null : (JSON.parse(rowFiles) as RowFiles)
  return [
    ...(frozen === null
      ? []
      : ([
          [files.rows, frozen.rows],
          [files.rowFacts, frozen.facts],
          ...(frozen.index === null ? [] : [[files.rowIndex, frozen.index] as const]),
        ] as const)),
    ...(sharing === null ? [] : [[files.sharing, JSON.parse(sharing) as FileFacts] as const]),
    ...(plan === null ? [] : [[folder.plan(nonce ?? ''), JSON.parse(plan) as FileFacts] as const]),
    ...(outcomes === null ? [] : [[folder.outcomes(outcomes.name), outcomes.facts] as const]),
    ...(outcomes?.resultFiles ?? []).map(
      (file) => [folder.result(stemOf(outcomes?.name ?? ''), file.role), file] as const,
    ),
  ]
}

function isThere({ disk }: World, path: string, { bytes, sha256 }: FileFacts): boolean {
  const entry = disk.find(path)
  if (entry === undefined || entry === 'folder' || entry.length !== bytes) return false
  return createHash('sha256').update(entry.slice()).digest('hex') === sha256
}
