import { readFileSync } from 'node:fs'
import { splitLines } from '../src/lib/jsonl.ts'
import { type Booking, DIRECT_CALLS, readLedger } from '../src/server/state/ledger.ts'
import type { BatchRecord } from '../src/server/state/record.ts'
import { isLabel } from './label.ts'
import { type ChatBody, chatBodyOf } from './world/chat-body.ts'
import { nonceIn } from './world/nonce.ts'
import { isTwin } from './world/simulated-provider.ts'
import type { World } from './world/world.ts'

/** One batch as the provider's own books show it. */
export interface BatchBooks {
  readonly batch: BatchRecord
  /** True for the one of two batches, made by a gateway from one call, that the client does not call its own. */
  readonly isExtra: boolean
  /** Rows in its input, by nonce. */
  readonly rows: readonly string[]
  /** Those of them whose beginning is to be kept in the provider's cache. */
  readonly marked: readonly string[]
  /** Rows it executed and billed, by nonce. */
  readonly billed: readonly string[]
  /** Answers with status 200 in its result files: the text by nonce, null where there is none. */
  readonly answers: ReadonlyMap<string, string | null>
  /** Of these, what ended as it should and breaks the schema that runs ask for which ask again. */
  readonly unfit: ReadonlySet<string>
  /** Rows that any line of its result files tells of, by nonce. */
  readonly told: ReadonlySet<string>
  readonly endedAtMs: number
}

/**
 * Reads what the provider did, from its books, its input files and its result files; never from the client, but for the
 * ids it calls its own in the end: which of a gateway's two batches is the extra one is the client's choice.
 */
export async function readBooks(
  { provider: { simulator }, uploads }: World,
  ownIds: ReadonlySet<string>,
): Promise<readonly BatchBooks[]> {
  const { state } = simulator
  const lines = async (path: string): Promise<readonly string[]> => {
    if ((await state.disk.size(path)) === undefined) return []
    const found: string[] = []
    for await (const part of splitLines(state.disk.stream(path))) {
      found.push(...part.map((line) => Buffer.from(line.bytes).toString()))
    }
    return found
  }
  const books: BatchBooks[] = []
  for (const batch of state.batches.values()) {
    if (isTwin(batch)) continue
    // The client may have deleted its file since; what it once sent counts.
    const sent = batch.inputFileIds.flatMap((id) => (uploads.get(id) ?? '').split(/\r?\n/))
    const inputs = batch.isInline ? await lines(state.dataPath(batch.inputFileIds[0] ?? '')) : sent
    const requests = inputs.filter((line) => WIRE_ID.test(line))
    const ids = requests.map((line) => [customIdOf(line), nonceIn(line)] as const)
    const nonces = new Map(ids)
    const bookings = await lines(state.ledgerPath(batch.id))
    const [results, errors] = await Promise.all(
      resultFilesOf(batch).map(async (id) => (id === null ? [] : await lines(state.dataPath(id)))),
    )
    books.push({
      batch,
      isExtra: isExtra(batch, [...state.batches.values()], ownIds),
      rows: ids.map(([, nonce]) => nonce),
      marked: requests.filter((line) => line.includes('"cache_control"')).map(nonceIn),
      billed: bookings.map((line) => (JSON.parse(line) as { nonce: string }).nonce),
      ...answersIn(results ?? [], nonces),
      told: new Set([...(results ?? []), ...(errors ?? [])].map((line) => nonces.get(customIdOf(line)) ?? '')),
      endedAtMs: Math.max(...Object.values(batch.enteredAtMs)),
    })
  }
  return books
}

/** The files in which a batch offers its results: at Gemini, one that expired or failed offers none. */
function resultFilesOf({ dialect, errorFileId, outputFileId, phase }: BatchRecord): readonly (string | null)[] {
  const isGone = dialect === 'gemini' && (phase === 'expired' || phase === 'failed')
  return isGone ? [] : [outputFileId, errorFileId]
}

/** What the provider booked for synchronous calls: the rows, each time it was executed, and their tokens. */
export async function readDirectBooks({
  provider: { simulator },
}: World): Promise<readonly { readonly nonce: string; readonly inputTokens: number; readonly outputTokens: number }[]> {
  const { disk } = simulator.state
  const path = simulator.state.ledgerPath(DIRECT_CALLS)
  if ((await disk.size(path)) === undefined) return []
  const found: Booking[] = []
  for await (const part of splitLines(disk.stream(path))) {
    found.push(...part.map((line) => JSON.parse(Buffer.from(line.bytes).toString()) as Booking))
  }
  return found
}

/** Dollars that the provider has booked so far, a token of a batch for a dollar; copies of a gateway are its own fault. */
export async function billedUsd(world: World): Promise<number> {
  const { batches } = await readLedger(world.provider.simulator.state)
  const direct = await readDirectBooks(world)
  const inBatches = batches.filter(({ isGatewayCopy }) => !isGatewayCopy)
  return sumTokens(inBatches) + 2 * sumTokens(direct)
}

function sumTokens(bookings: readonly { readonly inputTokens: number; readonly outputTokens: number }[]): number {
  return bookings.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0)
}

function isExtra(batch: BatchRecord, batches: readonly BatchRecord[], ownIds: ReadonlySet<string>): boolean {
  const isOwnCopy = ({ id, inputFileIds, isGatewayCopy }: BatchRecord): boolean =>
    isGatewayCopy && ownIds.has(id) && inputFileIds[0] === batch.inputFileIds[0]
  return batch.isGatewayCopy ? !ownIds.has(batch.id) : batches.some(isOwnCopy)
}

/** At Gemini its member has another name. */
const WIRE_ID = /"(?:custom_id|key)":"([^"]*)"/

function customIdOf(line: string): string {
  return WIRE_ID.exec(line)?.[1] ?? ''
}

interface ResultLine {
  readonly custom_id?: string
  /** At Gemini. */
  readonly key?: string
  /** An answer of HTTP, or at Gemini the answer itself. */
  readonly response?: { readonly status_code?: number; readonly body?: unknown } | null
  readonly result?: { readonly message?: unknown }
}

/** The answer in a result line, in the form of a chat answer; undefined where it holds none. */
function answerIn({ response, result }: ResultLine): ChatBody | undefined {
  if (response?.status_code === undefined) return chatBodyOf(response ?? result?.message)
  return response.status_code === 200 ? chatBodyOf(response.body) : undefined
}

function answersIn(
  lines: readonly string[],
  nonces: ReadonlyMap<string, string>,
): Pick<BatchBooks, 'answers' | 'unfit'> {
  const answers = new Map<string, string | null>()
  const unfit = new Set<string>()
  for (const line of lines) {
    const parsed = parse(line) as ResultLine | undefined
    const nonce = nonces.get(parsed?.custom_id ?? parsed?.key ?? '')
    const choices = parsed && answerIn(parsed)?.choices
    if (nonce === undefined || !choices) continue
    answers.set(nonce, textOf({ choices }))
    if (isUnfit({ choices })) unfit.add(nonce)
  }
  return { answers, unfit }
}

/** Reasons to stop of an answer that is whole. */
const WHOLE: readonly string[] = ['stop', 'tool_calls']

/** True for an answer that may be asked for again: it ended as it should, and does not fit the schema. */
export function isUnfit(body: ChatBody): boolean {
  const text = textOf(body)
  return text !== null && WHOLE.includes(body.choices?.[0]?.finish_reason ?? '') && !isLabel(text)
}

/** The text of an answer, that of the calls where it asks for some; null where it has none. */
export function textOf({ choices }: ChatBody): string | null {
  const message = choices?.[0]?.message
  return message?.content ?? (message?.tool_calls ? JSON.stringify(message.tool_calls) : null)
}

/** JSON as it was read; undefined for what is none, such as a garbled line or half an answer. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The bytes of a real file, for a search after secrets; empty where there is none. */
export function realBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}
