import {
  assertNamed,
  damagedFile,
  type NamedFile,
  namedResult,
  namedRowFacts,
  namedRows,
} from '../../log/named-file.ts'
import type { LogPorts } from '../../log/ports.ts'
import { DAMAGED, ResultLines } from '../../log/result-lines.ts'
import type { RunLog } from '../../log/run-log.ts'
import { type ResultFile, stemOf } from '../../model/result-ref.ts'
import type { BatchRecord } from '../../store/port/batch.ts'
import type { PortionRecord } from '../../store/port/run.ts'
import type { RunStore } from '../../store/store.ts'
import { count, counted } from '../render/terminal/quantity.ts'

/** Answers whose lines are read together. */
const PAGE_ANSWERS = 400

/** A run, its catalog, and the reader of its log. */
export interface ExaminedRun {
  readonly portions: readonly PortionRecord[]
  readonly store: Pick<RunStore, 'allAttempts'>
  readonly batches: readonly BatchRecord[]
  readonly log: RunLog
  /** Why a result file could not be fetched again, by its path. */
  readonly reasons: ReadonlyMap<string, string>
}

/** A look at one file, which throws where that is damaged. */
export type FileCheck = () => Promise<void>

/**
 * Looks at the files of a run that cannot be made again: the frozen rows, the requests as they were sent first, and the raw
 * result files.
 */
export async function fileChecks(ports: LogPorts, examined: ExaminedRun): Promise<readonly FileCheck[]> {
  const { disk, folder } = ports
  const { batches, log, portions, reasons, store } = examined
  const inputs = (await store.allAttempts())
    .filter(({ number }) => number === 1)
    .map(({ batch, inputBytes, inputName, inputSha256 }): NamedFile => {
      const facts = { bytes: inputBytes, sha256: inputSha256 }
      return { path: folder.input(inputName), facts, holds: `the requests of batch ${batch} as they are sent` }
    })
  const results = batches.flatMap((batch) =>
    (batch.settled?.resultFiles ?? []).map(
      (file): FileCheck =>
        () =>
          checkResult(ports, { log, reasons }, batch, file),
    ),
  )
  const rows = portions.flatMap((portion) => [namedRows(folder, portion), namedRowFacts(folder, portion)])
  const named = [...rows, ...inputs]
  return [
    ...named.map(
      (file): FileCheck =>
        () =>
          assertNamed(disk, file),
    ),
    ...results,
  ]
}

async function checkResult(
  ports: LogPorts,
  { log, reasons }: Pick<ExaminedRun, 'log' | 'reasons'>,
  batch: BatchRecord,
  file: ResultFile,
): Promise<void> {
  const { settled } = batch
  if (settled === null) return
  const named = namedResult(ports.folder, settled.name, file)
  try {
    await assertNamed(ports.disk, named)
  } catch {
    const { all, lost } = await countLost(ports, log, batch, file)
    const holds = `what the provider answered in batch ${batch.number}, and ${count(lost)} of its ${counted(all, 'line')} are lost here`
    const why = reasons.get(named.path)
    throw damagedFile({ ...named, holds: why === undefined ? holds : `${holds} (${why})` })
  }
}

/** How many lines of a damaged result file tell of a request, and how many of these are not as they were. */
async function countLost(ports: LogPorts, log: RunLog, batch: BatchRecord, { role }: ResultFile) {
  const { outcomes } = await log.read(batch)
  const lines = new ResultLines(ports)
  const stem = stemOf(batch.settled?.name ?? '')
  let all = 0
  let lost = 0
  try {
    for (let at = 0; at < batch.requestCount; at += PAGE_ANSWERS) {
      const page = Array.from({ length: PAGE_ANSWERS }, (_, place) => outcomes?.at(at + place)).flatMap((result) =>
        result?.file === role ? [{ result: { ...result, stem } }] : [],
      )
      all += page.length
      lost += (await lines.of(page)).filter((line) => line === DAMAGED).length
    }
  } finally {
    await lines.close()
  }
  return { all, lost }
}
