import { crc32 } from 'node:zlib'
import { isBlank, type Line, splitLines } from '../lib/jsonl.ts'
import type { BatchPlan } from '../log/batch-plan.ts'
import { Outcomes } from '../log/outcomes.ts'
import { PassingFile } from '../log/passing-file.ts'
import type { TerminalStatus } from '../model/attempt.ts'
import { ordinalOf, wirePrefix } from '../model/ids.ts'
import type { Outcome } from '../model/outcome.ts'
import type { ResultFile, ResultRole } from '../model/result-ref.ts'
import type { Round } from '../model/round.ts'
import type { CancelCause } from '../model/run.ts'
import type { UniformFailure } from '../model/stop-loss.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import { damaged } from './download.ts'
import { judgeAnswer } from './judge-answer.ts'
import type { CollectPorts } from './ports.ts'
import { Refusals } from './refusal-counts.ts'
import { type ResultPlace, requestResult } from './request-result.ts'
import { absentOutcome, triage } from './triage.ts'

/** Read at once; the lines of a piece live together. */
const PIECE_BYTES = 128 * 1024

type SettlingPorts = Pick<CollectPorts, 'checkAnswer' | 'disk' | 'folder' | 'provider' | 'settings'>

/** Result of reading the files of a batch. */
export interface Findings {
  readonly outcomes: Outcomes
  /** The files that were read. */
  readonly resultFiles: readonly ResultFile[]
  /** Why the run was being cancelled while they were read to their end; null where it was not. */
  readonly cancelledBy: CancelCause | null
  readonly missing: number
  /** Lines that carry no id of ours, or could not be read. */
  readonly foreignLines: number
  readonly unreadableLines: number
  readonly conflicts: number
  /** Lines whose answer was JSON inside of a text. */
  readonly textBodies: number
  readonly hasAccountProblem: string | null
  readonly mostFrequentRefusal: UniformFailure | null
}

/**
 * Joins a batch's result lines to its requests by wire id, never by position, and finds one result for every planned
 * request. One bad line harms no other; the same request in several lines counts once, a success before an error, the
 * first before later ones. A pure function of plan and raw files, so it may be repeated.
 */
export class Settling {
  readonly #ports: SettlingPorts
  readonly #attempt: AttemptRecord
  readonly #stem: string
  readonly #prefix: string
  readonly #plan: BatchPlan
  readonly #round: Pick<Round, 'cancelledBy'>
  readonly #outcomes: Outcomes
  readonly #resultFiles: ResultFile[] = []
  #told = 0
  #foreignLines = 0
  #unreadableLines = 0
  #conflicts = 0
  #textBodies = 0
  readonly #refusals = new Refusals()
  #accountProblem: string | null = null
  #returning = 0

  /** `stem`: how the names of its result files begin. */
  constructor(
    ports: SettlingPorts,
    attempt: AttemptRecord,
    stem: string,
    plan: BatchPlan,
    round: Pick<Round, 'cancelledBy'>,
  ) {
    this.#ports = ports
    this.#stem = stem
    this.#attempt = attempt
    this.#prefix = wirePrefix(attempt.nonce)
    this.#plan = plan
    this.#round = round
    this.#outcomes = Outcomes.empty(plan.length)
  }

  /**
   * Reads one result file. Throws where the file's last line is cut, because then it is not the provider's file, and
   * where no line of it is readable, unless it came so again and again and is to be taken as it is.
   */
  async readFile(file: ResultRole, isTakenAsItIs: boolean): Promise<void> {
    const path = this.#ports.folder.result(this.#stem, file)
    let good = 0
    let bad = 0
    const { maxLineBytes } = this.#ports.provider.limits(this.#attempt.target)
    const passing = new PassingFile()
    const pieces = passing.through(this.#ports.disk.stream(path, { chunkBytes: PIECE_BYTES, isReused: true }))
    for await (const lines of splitLines(pieces, { maxLineBytes })) {
      for (const line of lines) {
        if (isBlank(line.bytes) && !line.isTooLong) continue
        if (await this.#readLine(file, line)) good += 1
        else bad += 1
      }
    }
    if (good === 0 && bad > 0 && !isTakenAsItIs)
      throw damaged(`no line of the ${file} file of batch ${this.#attempt.batch} is readable`)
    this.#resultFiles.push({ role: file, ...passing.facts() })
  }

  /** Records what became of the requests that no line told of, and returns the whole count. */
  async finish(status: TerminalStatus, absentRowIsUnbilled: readonly TerminalStatus[]): Promise<Findings> {
    const { missing } = this
    const cancelledBy = this.#round.cancelledBy()
    for (let index = 0; index < this.#plan.length; index += 1) {
      if (!this.#outcomes.has(index)) this.#add(index, absentOutcome(status, absentRowIsUnbilled, cancelledBy), null)
    }
    return {
      outcomes: this.#outcomes,
      resultFiles: this.#resultFiles,
      cancelledBy,
      missing,
      foreignLines: this.#foreignLines,
      unreadableLines: this.#unreadableLines,
      conflicts: this.#conflicts,
      textBodies: this.#textBodies,
      hasAccountProblem: this.#accountProblem,
      mostFrequentRefusal: this.#refusals.most(this.#plan.length),
    }
  }

  /** How many planned requests no line has told of so far. */
  get missing(): number {
    return this.#plan.length - this.#told
  }

  /** How many requests would be sent again by what their lines tell. */
  get returning(): number {
    return this.#returning
  }

  /** True where the line could be read, also one of another batch. */
  async #readLine(file: ResultRole, line: Line): Promise<boolean> {
    const text = line.isTooLong ? undefined : decodeText(line.bytes)
    const decoded = text === undefined ? undefined : this.#ports.provider.decode(text, this.#attempt.target)
    if (decoded === undefined) {
      if (!line.terminated)
        throw damaged(`the ${file} file of batch ${this.#attempt.batch} ends in the middle of a line`)
      this.#unreadableLines += 1
      return false
    }
    const ordinal = ordinalOf(decoded.wireId, this.#prefix)
    const index = ordinal === undefined ? -1 : this.#plan.indexOf(ordinal)
    if (index < 0) {
      this.#foreignLines += 1
      return true
    }
    if (decoded.isBodyText) this.#textBodies += 1
    const place: ResultPlace = { file, offset: line.offset, length: line.bytes.length, crc32: crc32(line.bytes) }
    if (await this.#isWorse(index, place, decoded.outcome)) return true
    if (!this.#outcomes.has(index)) this.#told += 1
    const judged = judgeAnswer(decoded.outcome, this.#ports.checkAnswer)
    this.#add(index, judged instanceof Promise ? await judged : judged, place)
    return true
  }

  /** True where an earlier line of the same request counts more than this one. */
  async #isWorse(index: number, place: ResultPlace, { status }: Outcome): Promise<boolean> {
    const earlier = this.#outcomes.at(index)
    if (!earlier) return false
    if (!(await this.#isSameLine(earlier, place))) this.#conflicts += 1
    // An answer that does not fit the schema is an answer all the same.
    const wasAnswered = earlier.status === 'succeeded' || earlier.status === 'invalid'
    return wasAnswered || status !== 'succeeded'
  }

  async #isSameLine(one: ResultPlace, other: ResultPlace): Promise<boolean> {
    if (one.length !== other.length || one.crc32 !== other.crc32) return false
    const [first, second] = await Promise.all([this.#lineAt(one), this.#lineAt(other)])
    return Buffer.compare(first, second) === 0
  }

  async #lineAt({ file: role, length, offset }: ResultPlace): Promise<Uint8Array> {
    const { disk, folder } = this.#ports
    const file = await disk.open(folder.result(this.#stem, role ?? 'output'), 'read')
    try {
      return await file.read(offset ?? 0, length ?? 0)
    } finally {
      await file.close()
    }
  }

  #add(index: number, outcome: Outcome, place: ResultPlace | null): void {
    const { maxTries } = this.#ports.settings
    const isCancelling = this.#round.cancelledBy() !== null
    if (outcome.accountProblem) this.#accountProblem = outcome.reason ?? outcome.code ?? 'account problem'
    if (!outcome.accountProblem) this.#refusals.add(outcome)
    const tries = this.#plan.triesAt(index)
    const verdict = triage(outcome, { tries, maxTries, isCancelling })
    if (verdict.verdict === 'again') this.#returning += 1
    this.#outcomes.set(index, requestResult(outcome, place, verdict))
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** The line as text, or undefined where its bytes are not UTF-8. */
function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}
