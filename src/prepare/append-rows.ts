import type { PreparedRow } from '../batching/prepared-row.ts'
import { peek } from '../lib/peek.ts'
import type { Emit } from '../model/event.ts'
import type { Problem } from '../model/problem.ts'
import type { PlanSummary } from '../plan/summary.ts'
import type { PromptFunction } from '../request/messages/chat-messages.ts'
import type { RunRecord } from '../store/port/run.ts'
import { assertTakesRows } from '../store/portions.ts'
import type { RunStore } from '../store/store.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { draftOf } from './draft.ts'
import { addFrozen, REQUESTS_COMPARED } from './freeze-run.ts'
import { KnownRows, rowContent } from './known-rows.ts'
import { type PreparedInput, prepareInput } from './prepare.ts'
import { InputProblemsError, ProblemList } from './problem-list.ts'
import { RunFiles } from './run-sinks.ts'

/** Result of appending rows to an open run. */
export interface AppendedRows {
  /** Rows that are new in the run. */
  readonly rows: number
  /** Rows that the run had already, under the same id and with the same content. */
  readonly known: number
  /** What the new ones are expected to cost and take; null where there are none. */
  readonly estimate: PlanSummary | null
}

type Rows = Iterable<unknown> | AsyncIterable<unknown>

/** Appends rows to an open run, one call at a time; what is known of its rows stays in memory in between. */
export class RowAppender {
  readonly #workspace: Workspace
  readonly #store: RunStore
  readonly #promptFunction: PromptFunction | undefined
  #known: KnownRows | undefined

  constructor(workspace: Workspace, store: RunStore, promptFunction: PromptFunction | undefined) {
    this.#workspace = workspace
    this.#store = store
    this.#promptFunction = promptFunction
  }

  /**
   * Freezes the rows that the run does not have, and adds them with the batches of their requests: all of them or, where it
   * throws, none. May be repeated: rows that are there count as known. Throws `InputProblemsError` where rows cannot be sent
   * or have the id of another row, and `sealed` where a run that takes no more rows does not have all of them.
   */
  async append(rows: Rows, emit: Emit): Promise<AppendedRows> {
    try {
      return await this.#append(rows, emit)
    } catch (error) {
      // It has met rows that are not in the run now.
      this.#known = undefined
      throw error
    }
  }

  async #append(rows: Rows, emit: Emit): Promise<AppendedRows> {
    const record = await this.#store.record()
    const input = await this.#prepare(rows, record)
    const chosen = new NewRows(await this.#knownRows())
    const { all, head } = await peek(chosen.of(input.rows), (list) => list.length > 0)
    const hasNew = head.some((list) => list.length > 0)
    // A program that is started again may append to its sealed run what is there; that changes nothing.
    if (hasNew) assertTakesRows(record)
    const estimate = hasNew ? await this.#freeze({ ...input, rows: all }, record, chosen, emit) : null
    if (chosen.taken.total > 0) throw new InputProblemsError(chosen.taken)
    return { rows: chosen.fresh, known: chosen.there, estimate }
  }

  async #prepare(rows: Rows, { definition, rowCount }: RunRecord): Promise<PreparedInput> {
    const { shape: _, ...unshaped } = definition
    const { configuration, disk } = this.#workspace
    return await prepareInput({
      // What the first row tells holds for all that follow.
      definition: rowCount > 0 ? definition : unshaped,
      input: { source: { rows }, disk },
      promptFunction: this.#promptFunction,
      mayBeEmpty: true,
      provider: await this.#workspace.connect(definition.provider),
      settings: configuration.settings,
    })
  }

  async #freeze(input: PreparedInput, before: RunRecord, chosen: NewRows, emit: Emit): Promise<PlanSummary> {
    const store = this.#store
    const workspace = this.#workspace
    const { definition, output } = before
    const provider = await workspace.connect(definition.provider)
    const folder = workspace.folderOf(store.id)
    const number = (await store.portions()).length + 1
    const files = await RunFiles.open({ ...workspace, provider, store, folder, check: null }, number, store.fence)
    const choices = { openSinks: () => Promise.resolve(files), mostCounted: REQUESTS_COMPARED, before }
    const draft = await draftOf({ site: workspace, home: workspace, provider }, input, { output }, choices)
    // Before anything is added: a row under the id of another one makes all of them doubtful.
    if (chosen.taken.total > 0) throw new InputProblemsError(chosen.taken)
    await addFrozen(workspace, { run: store, files }, draft, emit)
    const { batchCount: batches, requestCount: requests, rowCount } = draft.frozen
    const shared = draft.estimate.sharing.shared.rows
    emit({ type: 'prepared', rows: rowCount, requests, batches, carried: 0, shared })
    return draft.estimate
  }

  async #knownRows(): Promise<KnownRows> {
    const { disk, folderOf } = this.#workspace
    const ports = { disk, folder: folderOf(this.#store.id) }
    this.#known ??= await KnownRows.read(ports, await this.#store.portions())
    return this.#known
  }
}

/** Lets rows pass that a run does not have, and counts the others. */
class NewRows {
  readonly #known: KnownRows
  /** Rows that have the id of another row. */
  readonly taken = new ProblemList()
  fresh = 0
  there = 0

  constructor(known: KnownRows) {
    this.#known = known
  }

  async *of(lists: PreparedInput['rows']): PreparedInput['rows'] {
    for await (const list of lists) yield list.flatMap((row) => this.#meet(row))
  }

  #meet(given: PreparedRow): readonly PreparedRow[] {
    const row = identified(given)
    const content = rowContent(row)
    const met = this.#known.meet(row, content)
    if (met.is === 'there') {
      this.there += 1
      return []
    }
    if (met.is === 'taken') {
      const detail = `the id "${row.id}" is that of row ${met.row} of the run, which has other content`
      this.taken.add([{ code: 'duplicate_id', line: row.line, detail }])
      return []
    }
    this.fresh += 1
    // Rows of a run that grows are counted over all that was appended.
    return [{ ...row, content, line: this.#known.count }]
  }
}

/** A row without an id would be bought again whenever the program that appends it is started again. */
function identified(row: PreparedRow): PreparedRow {
  if (row.id !== null || row.problems.length > 0) return row
  const detail = 'the row has no id, by which an open run knows it again'
  const problem: Problem = { code: 'missing_id', line: row.line, detail }
  return { ...row, request: null, problems: [problem] }
}
