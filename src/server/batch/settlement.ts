import type { Reported } from '../dialect.ts'
import { DIALECT } from '../dialects.ts'
import type { FaultName } from '../faults/catalogue.ts'
import type { RowResult } from '../simulate/execute-row.ts'
import { usualError } from '../simulate/provider-error.ts'
import { digestOf } from '../state/identifier.ts'
import type { BatchRecord } from '../state/record.ts'
import type { ResultFiles } from './result-files.ts'
import type { Halt, Row } from './row.ts'

/** Counts of an execution. Rows that were never executed are in neither number. */
export interface Tally {
  succeeded: number
  failed: number
  inputTokens: number
  outputTokens: number
}

/** Row as far as its result line names it. */
type SettledRow = Pick<Row, 'position' | 'customId'>

/** Writes what became of the rows of a batch into its result files, and counts it. One row at a time. */
export class Settlement {
  readonly tally: Tally = { succeeded: 0, failed: 0, inputTokens: 0, outputTokens: 0 }
  readonly #batch: BatchRecord
  readonly #files: ResultFiles

  constructor(batch: BatchRecord, files: ResultFiles) {
    this.#batch = batch
    this.#files = files
  }

  /** Takes the result of a row. */
  async settle(row: SettledRow, result: RowResult): Promise<void> {
    if (result.billed) {
      await this.#files.bill(result.billed)
      this.tally.inputTokens += result.billed.inputTokens
      this.tally.outputTokens += result.billed.outputTokens
    }
    switch (result.fate) {
      case 'missing':
        this.tally.succeeded += 1
        return
      case 'garbled':
        this.tally.succeeded += 1
        await this.#files.add('output', `{"id":"batch_req_${digestOf(row.position)}","custom_id":"`)
        return
      case 'expired':
        await this.leave(row, 'expired')
        return
      case 'uncertain':
        this.tally.failed += 1
        await this.#files.add('error', this.#line(row, { code: 'may_have_been_executed', message: result.message }))
        return
      case 'answered':
        await this.#report(row, result.status, result.body)
    }
  }

  /** Takes a row that was never executed, and why. */
  async leave(row: SettledRow, halt: Exclude<Halt, 'closed'>): Promise<void> {
    if (this.#has('unfinished-absent')) return
    await this.#files.add('error', this.#line(row, { code: `batch_${halt}` }))
  }

  async #report(row: SettledRow, status: number, body: object): Promise<void> {
    const isSuccess = status === 200
    this.tally[isSuccess ? 'succeeded' : 'failed'] += 1
    const isMisfiled = this.#has('errors-in-output')
    const line = this.#line(row, { status, body })
    await this.#files.add(isSuccess || isMisfiled ? 'output' : 'error', line)
    if (isSuccess && this.tally.succeeded === 1 && this.#has('in-both-files')) {
      const error = usualError(500)
      const failure = { status: error.status, body: DIALECT[this.#batch.dialect].errorBody(error) }
      await this.#files.add('error', this.#line(row, failure))
    }
  }

  #line({ customId, position }: SettledRow, reported: Reported): string {
    return JSON.stringify(DIALECT[this.#batch.dialect].resultLine(this.#batch, position, customId, reported))
  }

  #has(fault: FaultName): boolean {
    return this.#batch.faults.some(({ name }) => name === fault)
  }
}
