import { cancelledOutcome } from '../collect/triage.ts'
import { prefetch } from '../lib/prefetch.ts'
import { FrozenRows } from '../log/frozen-rows.ts'
import { asAsked } from '../log/requests-as-sent.ts'
import { DAMAGED, type RawLine, ResultLines } from '../log/result-lines.ts'
import { type QuestionRecord, type RowRecord, rowRecords } from '../log/row-records.ts'
import { type RepairOutcomes, RunLog } from '../log/run-log.ts'
import type { BatchKind } from '../model/batch.ts'
import { wireId, wirePrefix } from '../model/ids.ts'
import { DAMAGED_LINE, emptyOutcome, type Outcome, type OutcomeStatus, type Usage } from '../model/outcome.ts'
import type { OtherQuestion, RowOutcome, SettledResult, StructuredAnswer } from '../model/row.ts'
import type { CancelCause, RunDefinition } from '../model/run.ts'
import type { Target } from '../model/target.ts'
import { readAnswer } from '../schema/read-answer.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunContext } from '../workspace/context.ts'
import { findFile } from '../workspace/file-list.ts'

type Ports = Pick<RunContext, 'disk' | 'folder' | 'provider' | 'store'> & { readonly repair: RepairOutcomes }

/** Rows joined at once, few because they live together, and bytes of their raw lines: answers such as embeddings are long. */
const PART_ROWS = 100
const PART_BYTES = 4 * 1_024 * 1_024

/**
 * Every row of the run in input order with what became of it: the frozen rows read in sequence, the answers by offset
 * from the raw result files. Flat memory; may be read at any time, rows without a result are simply pending.
 */
export function readAnswers(ports: Ports): AsyncIterable<readonly RowOutcome[]> {
  return prefetch(readParts(ports))
}

async function* readParts(ports: Ports): AsyncIterable<readonly RowOutcome[]> {
  const portions = await ports.store.portions()
  const rows = new FrozenRows(ports, portions)
  const answers = new RecordAnswers(ports, await ports.store.record())
  try {
    for await (const part of recordParts(rowRecords(new RunLog(ports, ports.repair), ports, portions))) {
      yield await answers.of(part, rows.take(part.length))
    }
  } finally {
    await rows.close()
    await answers.close()
  }
}

/** Reads the answers of rows whose records are known. */
export class RecordAnswers {
  readonly #lines: ResultLines
  readonly #files: RunRecord['files']
  readonly #reading: Reading

  constructor(ports: Omit<Ports, 'repair' | 'store'>, { cancelCause, definition, files }: RunRecord) {
    this.#lines = new ResultLines(ports)
    this.#files = files
    this.#reading = { provider: ports.provider, cause: cancelCause ?? 'user', definition }
  }

  /** The rows with what became of them; `json` are their records as JSON text. So many at once as fit in memory. */
  async of(
    records: readonly RowRecord[],
    json: Promise<readonly string[]> | readonly string[],
  ): Promise<readonly RowOutcome[]> {
    const [lines, texts] = await Promise.all([this.#lines.of(records), json])
    const others = await otherLines(this.#lines, records)
    return records.map((record, index) =>
      rowOutcome(
        record,
        { json: texts[index] ?? '', source: findFile(this.#files, record.row)?.path ?? null },
        { own: lines[index] ?? null, others },
        this.#reading,
      ),
    )
  }

  async close(): Promise<void> {
    await this.#lines.close()
  }
}

/** State that the reading of all rows shares. */
interface Reading {
  readonly provider: Ports['provider']
  readonly cause: CancelCause
  readonly definition: RunDefinition
}

/** Raw lines of a row: of the question that counts, and of all others in its part. */
interface RawLines {
  readonly own: RawLine
  readonly others: ReadonlyMap<QuestionRecord, RawLine>
}

/** The lines of what rows were asked besides the question whose answer counts. */
async function otherLines(resultLines: ResultLines, records: readonly RowRecord[]): Promise<RawLines['others']> {
  const others = records.flatMap(othersOf)
  if (others.length === 0) return new Map()
  const lines = await resultLines.of(others)
  return new Map(others.map((question, index) => [question, lines[index] ?? null]))
}

function othersOf({ questions, result }: RowRecord): readonly QuestionRecord[] {
  return questions === null ? [] : questions.filter((question) => question.result?.attemptKey !== result?.attemptKey)
}

/** Rows in parts whose answers fit in memory. */
export async function* recordParts(pages: AsyncIterable<readonly RowRecord[]>): AsyncIterable<readonly RowRecord[]> {
  for await (const page of pages) {
    let start = 0
    let bytes = 0
    for (const [index, { questions, result }] of page.entries()) {
      const length = questions === null ? (result?.length ?? 0) : sumOf(questions.map((one) => one.result?.length ?? 0))
      if (index > start && (index - start === PART_ROWS || bytes + length > PART_BYTES)) {
        yield page.slice(start, index)
        start = index
        bytes = 0
      }
      bytes += length
    }
    yield page.slice(start)
  }
}

function rowOutcome(
  record: RowRecord,
  frozen: Pick<RowOutcome, 'json' | 'source'>,
  lines: RawLines,
  reading: Reading,
): RowOutcome {
  return {
    ordinal: record.row,
    line: record.line,
    source: frozen.source,
    id: record.id,
    json: frozen.json,
    problem: record.problem,
    result: resultOf(record, lines, reading),
  }
}

function resultOf(record: RowRecord, lines: RawLines, reading: Reading): SettledResult | null {
  const { kind, request, result, state, target, tries } = record
  if (state === null || state === 'pending' || state === 'batched') return null
  if (!target || kind === null) return null
  if (!result || request === null) return unsentResult(state, target, reading.cause)
  const boughtFor = whoFor(record.isShared, kind)
  const { outcome, sentAs } = read({ boughtFor, result, status: state, target }, lines.own, reading)
  const all = record.questions
  return {
    outcome: all === null ? outcome : withUnanswered(outcome, all, record),
    target,
    kind,
    boughtFor,
    tries: all === null ? tries : sumOf(all.map((question) => question.tries)),
    rawLine: lines.own === DAMAGED ? null : lines.own,
    // A line that was carried over stands under the id that the other run has sent.
    wireId: sentAs ?? wireId(wirePrefix(result.nonce), request),
    structured: structuredOf(outcome, reading),
    others:
      all === null ? NONE : othersOf(record).flatMap((question) => otherQuestion(question, record, lines, reading)),
  }
}

const NONE: readonly OtherQuestion[] = []

function whoFor(isShared: boolean, kind: BatchKind): SettledResult['boughtFor'] {
  if (isShared) return 'earlier_row'
  return kind === 'carried' ? 'another_run' : 'this_row'
}

/** A question that came to something. */
interface Settled extends Pick<SettledResult, 'boughtFor' | 'target'> {
  readonly result: NonNullable<QuestionRecord['result']>
  readonly status: OutcomeStatus
}

/** What the store settled on counts; the line adds what is kept in files only: the answer itself, and its wire id. */
function read(
  { boughtFor, result, status, target }: Settled,
  rawLine: RawLine,
  { definition, provider }: Reading,
): { readonly outcome: Outcome; readonly sentAs: string | undefined } {
  if (rawLine === DAMAGED) return { outcome: damagedOutcome(result), sentAs: undefined }
  const decoded = rawLine === null ? undefined : provider.decode(rawLine, target)
  const found = decoded?.outcome ?? emptyOutcome({ status, code: null, reason: null, billed: result.billed })
  // Member by member: a spread costs as much as reading the line did.
  const outcome = asAsked(definition, {
    status,
    // The code of a success says what was overlooked in reading it.
    code: status === 'succeeded' ? null : result.code,
    reason: result.reason,
    billed: result.billed,
    retryable: found.retryable,
    accountProblem: found.accountProblem,
    contentProblem: found.contentProblem,
    output: found.output,
    isJson: found.isJson,
    finishReason: found.finishReason,
    usage: boughtFor === 'this_row' ? found.usage : NOTHING_USED,
    model: found.model,
  })
  return { outcome, sentAs: decoded?.wireId }
}

/** The outcome of a request whose raw line is no longer what the provider sent: that it was billed is all that is left. */
function damagedOutcome({ billed, file, stem }: Settled['result']): Outcome {
  const reason = `its line in results/${stem}-${file ?? 'output'}.jsonl of the run is damaged, so the answer is lost here`
  return emptyOutcome({ status: 'missing', code: DAMAGED_LINE, reason, billed })
}

function structuredOf({ output, status }: Outcome, { definition: { answer } }: Reading): StructuredAnswer | null {
  if (answer === null || status !== 'succeeded' || output === null) return null
  return readAnswer(output, answer.schema) ?? null
}

function otherQuestion(
  question: QuestionRecord,
  { isShared }: RowRecord,
  { others }: RawLines,
  reading: Reading,
): readonly OtherQuestion[] {
  const { kind, result, target } = question
  if (!result || !target || kind === null) return []
  const boughtFor = whoFor(isShared, kind)
  const settled = { boughtFor, result, status: result.status, target }
  return [{ target, kind, boughtFor, outcome: read(settled, others.get(question) ?? null, reading).outcome }]
}

/** The error of a row whose last question brought no answer tells what became of that question too. */
function withUnanswered(outcome: Outcome, all: readonly QuestionRecord[], { result, state }: RowRecord): Outcome {
  const last = all.at(-1)
  if (last === undefined || last.result?.attemptKey === result?.attemptKey || state !== 'invalid') return outcome
  const fate =
    last.result === null
      ? 'and the run was cancelled before the new question was sent'
      : `and the new question ended as ${[last.result.status, last.result.code, last.result.reason].filter((part) => part !== null).join(', ')}`
  return { ...outcome, reason: `${outcome.reason ?? ''}; it was asked again, ${fate}` }
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

/** Of a row whose answer was bought for another one: so the tokens of all rows are what the run has used. */
const NOTHING_USED: Usage = { promptTokens: 0, completionTokens: 0, cachedTokens: 0, reasoningTokens: 0 }

/** A request that was given up before it was sent. */
function unsentResult(state: OutcomeStatus, target: Target, cause: CancelCause): SettledResult {
  const outcome = { ...cancelledOutcome(cause, 'no'), status: state }
  return {
    outcome,
    target,
    kind: 'batch',
    boughtFor: 'this_row',
    tries: 0,
    rawLine: null,
    wireId: '',
    structured: null,
    others: NONE,
  }
}
