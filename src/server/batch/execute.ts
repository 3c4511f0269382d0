import { isJsonObject, type JsonObject, stringOf } from '../../lib/json.ts'
import { type Reported, standardModel } from '../dialect.ts'
import { DIALECT } from '../dialects.ts'
import type { FaultName } from '../faults/catalogue.ts'
import { rowFault } from '../faults/run-faults.ts'
import { cachedResult, executeRow, type RowRequest, type RowResult } from '../simulate/execute-row.ts'
import { refusedStream } from '../simulate/parameter-check.ts'
import { type ApiError, usualError } from '../simulate/provider-error.ts'
import type { Simulator } from '../simulator.ts'
import { digestOf } from '../state/identifier.ts'
import type { BatchRecord, DialectName } from '../state/record.ts'
import { inputLines } from './input-lines.ts'
import type { Halt, Pace } from './pace.ts'
import { parseRequestLine } from './request-line.ts'
import type { ResultFiles } from './result-files.ts'

/** Counts of an execution. Rows that were never executed are in neither number. */
export interface Tally {
  succeeded: number
  failed: number
  inputTokens: number
  outputTokens: number
  /** Why it stopped before the last row; undefined where it did not. */
  halt: Halt | undefined
}

/** Executes a batch row by row at the given pace, into the files. Memory does not grow with the rows. */
export async function executeRows(
  simulator: Simulator,
  batch: BatchRecord,
  pace: Pace,
  files: ResultFiles,
): Promise<Tally> {
  const tally: Tally = { succeeded: 0, failed: 0, inputTokens: 0, outputTokens: 0, halt: undefined }
  const work = new Execution(simulator, batch, files, tally)
  for await (const lines of inputLines(simulator.state, batch)) {
    for (const line of lines) {
      if (!tally.halt && work.position % pace.stride === 0) tally.halt = await pace.reach(work.position, tally)
      if (tally.halt === 'closed') return tally
      await work.row(parseRequestLine(line) ?? {})
    }
  }
  return tally
}

class Execution {
  /** Rows seen so far; the place of the next one, from 0. */
  position = 0
  readonly #simulator: Simulator
  readonly #batch: BatchRecord
  readonly #files: ResultFiles
  readonly #tally: Tally
  readonly #createdAt: number

  constructor(simulator: Simulator, batch: BatchRecord, files: ResultFiles, tally: Tally) {
    this.#simulator = simulator
    this.#batch = batch
    this.#files = files
    this.#tally = tally
    this.#createdAt = Math.floor((batch.enteredAtMs.running ?? batch.createdAtMs) / 1_000)
  }

  async row(input: JsonObject): Promise<void> {
    this.position += 1
    const line = DIALECT[this.#batch.dialect].shape?.line(input) ?? input
    const halt = this.#tally.halt
    if (halt === 'expired' || halt === 'cancelled') {
      await this.#unexecuted(line['custom_id'], `batch_${halt}`)
      return
    }
    const body = isJsonObject(line['body']) ? line['body'] : {}
    await this.#settle(line['custom_id'], await this.#execute(body))
  }

  async #execute(body: JsonObject): Promise<RowResult> {
    const { dialect, endpoint, model } = this.#batch
    const failure = rowFault(this.#batch, this.position)
    if (failure) return failure
    const request = {
      dialect,
      endpoint,
      model: model ?? stringOf(body['model']) ?? standardModel(endpoint) ?? '',
      body,
      createdAt: this.#createdAt,
    }
    const refused = refusedStream({ ...request, wording: DIALECT[dialect].wording })
    if (refused) return refusedRow(dialect, refused)
    return this.#cached(await executeRow(request, this.#simulator), request)
  }

  #cached(result: RowResult, { body, dialect, model }: RowRequest): RowResult {
    const { caches, clock } = this.#simulator
    const { account, id: batchId } = this.#batch
    return cachedResult(dialect, result, { account, batchId, body, model, now: clock.now(), caches })
  }

  async #settle(customId: unknown, result: RowResult): Promise<void> {
    if (result.billed) {
      await this.#files.bill(result.billed)
      this.#tally.inputTokens += result.billed.inputTokens
      this.#tally.outputTokens += result.billed.outputTokens
    }
    switch (result.fate) {
      case 'missing':
        this.#tally.succeeded += 1
        return
      case 'garbled':
        this.#tally.succeeded += 1
        await this.#files.add('output', `{"id":"batch_req_${digestOf(this.position)}","custom_id":"`)
        return
      case 'expired':
        await this.#unexecuted(customId, 'batch_expired')
        return
      case 'answered':
        await this.#report(customId, result.status, result.body)
    }
  }

  async #report(customId: unknown, status: number, body: object): Promise<void> {
    const isSuccess = status === 200
    this.#tally[isSuccess ? 'succeeded' : 'failed'] += 1
    const isMisfiled = this.#has('errors-in-output')
    const line = this.#line(customId, { status, body })
    await this.#files.add(isSuccess || isMisfiled ? 'output' : 'error', line)
    if (isSuccess && this.#tally.succeeded === 1 && this.#has('in-both-files')) {
      const error = usualError(500)
      const failure = { status: error.status, body: DIALECT[this.#batch.dialect].errorBody(error) }
      await this.#files.add('error', this.#line(customId, failure))
    }
  }

  async #unexecuted(customId: unknown, code: 'batch_expired' | 'batch_cancelled'): Promise<void> {
    if (this.#has('unfinished-absent')) return
    await this.#files.add('error', this.#line(customId, { code }))
  }

  #line(customId: unknown, reported: Reported): string {
    return JSON.stringify(DIALECT[this.#batch.dialect].resultLine(this.#batch, this.position, customId, reported))
  }

  #has(fault: FaultName): boolean {
    return this.#batch.faults.some(({ name }) => name === fault)
  }
}

function refusedRow(dialect: DialectName, error: ApiError): RowResult {
  return { fate: 'answered', status: error.status, body: DIALECT[dialect].errorBody(error), billed: null }
}
