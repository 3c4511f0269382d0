import { isBlank, type Line, splitLines } from '../lib/jsonl.ts'
import type { TerminalStatus } from '../model/attempt.ts'
import { ordinalOf, wirePrefix } from '../model/ids.ts'
import type { Outcome } from '../model/outcome.ts'
import type { ResultRole } from '../model/result-ref.ts'
import type { Round } from '../model/round.ts'
import type { UniformFailure } from '../model/stop-loss.ts'
import type { AttemptRecord, NewResult } from '../store/store.ts'
import { damaged } from './download.ts'
import { judgeAnswer } from './judge-answer.ts'
import { type LinePosition, LinePositions } from './line-positions.ts'
import { newResult } from './new-result.ts'
import type { Tries } from './planned.ts'
import type { CollectPorts } from './ports.ts'
import { Refusals } from './refusal-counts.ts'
import { absentOutcome, triage } from './triage.ts'

/** Results handed to the store at once: every page is a transaction of its own, forced to disk. */
const PAGE_RESULTS = 10_000

/** Read at once; the lines of a piece live together. */
const PIECE_BYTES = 128 * 1024

/** Result of reading the files of a batch. */
export interface Settlement {
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
 * Joins a batch's result lines to its requests by wire id, never by position, and records one result for every planned
 * request. One bad line harms no other; the same request in several lines counts once, a success before an error, the
 * first before later ones. A pure function of plan and raw files, so it may be repeated.
 */
export class Settling {
  readonly #ports: CollectPorts
  readonly #attempt: AttemptRecord
  readonly #prefix: string
  readonly #tries: Tries
  readonly #round: Pick<Round, 'cancelledBy'>
  readonly #places: LinePositions
  #page: NewResult[] = []
  #foreignLines = 0
  #unreadableLines = 0
  #conflicts = 0
  #textBodies = 0
  readonly #refusals = new Refusals()
  #accountProblem: string | null = null
  #returning = 0

  constructor(ports: CollectPorts, attempt: AttemptRecord, tries: Tries, round: Pick<Round, 'cancelledBy'>) {
    this.#ports = ports
    this.#attempt = attempt
    this.#prefix = wirePrefix(attempt.nonce)
    this.#tries = tries
    this.#round = round
    this.#places = new LinePositions(tries.size)
  }

  /**
   * Reads one result file. Throws where the file's last line is cut, because then it is not the provider's file, and
   * where no line of it is readable, unless it came so again and again and is to be taken as it is.
   */
  async readFile(file: ResultRole, isTakenAsItIs: boolean): Promise<void> {
    const path = this.#ports.folder.result(this.#attempt.key, file)
    let good = 0
    let bad = 0
    const { maxLineBytes } = this.#ports.provider.limits(this.#attempt.target)
    for await (const lines of splitLines(this.#ports.disk.stream(path, { chunkBytes: PIECE_BYTES, isReused: true }), {
      maxLineBytes,
    })) {
      for (const line of lines) {
        if (isBlank(line.bytes) && !line.isTooLong) continue
        if (await this.#readLine(file, line)) good += 1
        else bad += 1
      }
      await this.#flush(PAGE_RESULTS)
    }
    if (good === 0 && bad > 0 && !isTakenAsItIs)
      throw damaged(`no line of the ${file} file of batch ${this.#attempt.batch} is readable`)
  }

  /** Records what became of the requests that no line told of, and returns the whole count. */
  async finish(status: TerminalStatus, absentRowIsUnbilled: readonly TerminalStatus[]): Promise<Settlement> {
    const missing = this.#tries.size - this.#places.size
    const cause = this.#round.cancelledBy()
    for (const ordinal of this.#tries.keys()) {
      if (this.#places.has(ordinal)) continue
      this.#add(ordinal, absentOutcome(status, absentRowIsUnbilled, cause), null)
      await this.#flush(PAGE_RESULTS)
    }
    await this.#flush(1)
    return {
      missing,
      foreignLines: this.#foreignLines,
      unreadableLines: this.#unreadableLines,
      conflicts: this.#conflicts,
      textBodies: this.#textBodies,
      hasAccountProblem: this.#accountProblem,
      mostFrequentRefusal: this.#refusals.most(this.#tries.size),
    }
  }

  /** How many planned requests no line has told of so far. */
  get missing(): number {
    return this.#tries.size - this.#places.size
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
    if (ordinal === undefined || !this.#tries.has(ordinal)) {
      this.#foreignLines += 1
      return true
    }
    if (decoded.isBodyText) this.#textBodies += 1
    const place: LinePosition = {
      isSuccess: decoded.outcome.status === 'succeeded',
      file,
      offset: line.offset,
      length: line.bytes.length,
    }
    if (await this.#isWorse(ordinal, place)) return true
    this.#places.set(ordinal, place)
    const judged = judgeAnswer(decoded.outcome, this.#ports.checkAnswer)
    this.#add(ordinal, judged instanceof Promise ? await judged : judged, place)
    return true
  }

  /** True where an earlier line of the same request counts more than this one. */
  async #isWorse(ordinal: number, place: LinePosition): Promise<boolean> {
    const earlier = this.#places.get(ordinal)
    if (!earlier) return false
    if (!(await this.#isSameLine(earlier, place))) this.#conflicts += 1
    return earlier.isSuccess || !place.isSuccess
  }

  async #isSameLine(one: LinePosition, other: LinePosition): Promise<boolean> {
    if (one.length !== other.length) return false
    const [first, second] = await Promise.all([this.#lineAt(one), this.#lineAt(other)])
    return Buffer.compare(first, second) === 0
  }

  async #lineAt(place: LinePosition): Promise<Uint8Array> {
    const file = await this.#ports.disk.open(this.#ports.folder.result(this.#attempt.key, place.file), 'read')
    try {
      return await file.read(place.offset, place.length)
    } finally {
      await file.close()
    }
  }

  #add(ordinal: number, outcome: Outcome, place: LinePosition | null): void {
    const { maxTries } = this.#ports.settings
    const isCancelling = this.#round.cancelledBy() !== null
    if (outcome.accountProblem) this.#accountProblem = outcome.reason ?? outcome.code ?? 'account problem'
    if (!outcome.accountProblem) this.#refusals.add(outcome)
    const tries = this.#tries.get(ordinal) ?? 0
    const verdict = triage(outcome, { tries, maxTries, isCancelling })
    if (verdict.verdict === 'again') this.#returning += 1
    this.#page.push(newResult(ordinal, outcome, place, verdict))
  }

  /** Hands the page to the store once it holds this many results. */
  async #flush(least: number): Promise<void> {
    if (this.#page.length < least) return
    const page = this.#page
    this.#page = []
    await this.#ports.store.addResults(this.#attempt.key, page)
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
