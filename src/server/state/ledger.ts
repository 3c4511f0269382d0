import type { BufferedWriter } from '../../lib/atomic-file.ts'
import type { Disk } from '../../lib/disk.ts'
import { splitLines } from '../../lib/jsonl.ts'
import { type QueueBook, queueBooksOf } from './queue-books.ts'
import type { BatchRecord, DialectName } from './record.ts'
import type { State } from './state.ts'

/** One billed execution of a row, or of a synchronous call. */
export interface Booking {
  /** What recognises the row: `nonce:…` in its prompt, else a digest of its body; never its custom id. */
  readonly nonce: string
  readonly inputTokens: number
  readonly outputTokens: number
  /** How the answer was spoiled by the mix of the server; absent where it was not. */
  readonly flaw?: string
}

/** The bill of one batch. */
export interface BatchBill {
  readonly id: string
  readonly provider: DialectName
  readonly phase: string
  /** Epoch milliseconds. */
  readonly createdAtMs: number
  /** The code with which validation refused it, such as `token_limit_exceeded` for a full queue; null where it did not. */
  readonly refusedFor: string | null
  readonly rows: number
  readonly rowsBilled: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** Calls of a server of models for its rows, and those of them that were certainly not executed. */
  readonly upstream?: BatchRecord['upstream']
  /** True for a batch the client never asked for: a gateway repeated its call. */
  readonly isGatewayCopy: boolean
}

/** The books a provider would keep, counted from what was executed. */
export interface Ledger {
  readonly batchesCreated: number
  /** Billed executions in batches. */
  readonly rowsBilled: number
  /** Executions beyond the first of the same row; zero is what a client wants to see. */
  readonly rowsBilledAgain: number
  /** Billed synchronous calls; they count as executions too. */
  readonly directCalls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly batches: readonly BatchBill[]
  readonly queues: readonly QueueBook[]
  /** How many of the billed answers were spoiled by the mix of the server, by its words. */
  readonly flaws: Readonly<Record<string, number>>
  /** The first hundred rows that were billed more than once. */
  readonly repeated: readonly { readonly nonce: string; readonly times: number }[]
}

/** Ledger name of calls that belong to no batch. */
export const DIRECT_CALLS = 'direct'

const MOST_REPEATED = 100

/** Writes one billed execution as a line. */
export async function book(writer: BufferedWriter, booking: Booking): Promise<void> {
  await writer.writeText(`${JSON.stringify(booking)}\n`)
}

/** Reads all books. Rows executed by a batch are booked when it ends, so a living batch shows none yet. */
export async function readLedger(state: State): Promise<Ledger> {
  const times = new Map<string, number>()
  const flaws = new Map<string, number>()
  const direct = await readBooks(state.disk, state.ledgerPath(DIRECT_CALLS), { times, flaws })
  const batches: BatchBill[] = []
  for (const batch of [...state.batches.values()].sort((one, other) => one.sequence - other.sequence)) {
    batches.push(billOf(batch, await readBooks(state.disk, state.ledgerPath(batch.id), { times, flaws })))
  }
  const repeated = [...times].filter(([, count]) => count > 1)
  return {
    batchesCreated: batches.length,
    rowsBilled: sum(batches.map((bill) => bill.rowsBilled)),
    rowsBilledAgain: sum(repeated.map(([, count]) => count - 1)),
    directCalls: direct.rows,
    inputTokens: direct.inputTokens + sum(batches.map((bill) => bill.inputTokens)),
    outputTokens: direct.outputTokens + sum(batches.map((bill) => bill.outputTokens)),
    batches,
    queues: queueBooksOf(state.batches.values()),
    flaws: Object.fromEntries(flaws),
    repeated: repeated.slice(0, MOST_REPEATED).map(([nonce, count]) => ({ nonce, times: count })),
  }
}

interface Books {
  readonly rows: number
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Counts over all books. */
interface Counts {
  /** Executions of each row. */
  readonly times: Map<string, number>
  readonly flaws: Map<string, number>
}

async function readBooks(disk: Disk, path: string, { flaws, times }: Counts): Promise<Books> {
  const books = { rows: 0, inputTokens: 0, outputTokens: 0 }
  if ((await disk.size(path)) === undefined) return books
  for await (const lines of splitLines(disk.stream(path))) {
    for (const line of lines) {
      const booking = JSON.parse(Buffer.from(line.bytes).toString()) as Booking
      times.set(booking.nonce, (times.get(booking.nonce) ?? 0) + 1)
      if (booking.flaw !== undefined) flaws.set(booking.flaw, (flaws.get(booking.flaw) ?? 0) + 1)
      books.rows += 1
      books.inputTokens += booking.inputTokens
      books.outputTokens += booking.outputTokens
    }
  }
  return books
}

function billOf(batch: BatchRecord, books: Books): BatchBill {
  return {
    id: batch.id,
    provider: batch.dialect,
    phase: batch.phase,
    createdAtMs: batch.createdAtMs,
    refusedFor: batch.problems[0]?.code ?? null,
    rows: batch.total,
    rowsBilled: books.rows,
    inputTokens: books.inputTokens,
    outputTokens: books.outputTokens,
    ...(batch.upstream ? { upstream: batch.upstream } : {}),
    isGatewayCopy: batch.isGatewayCopy,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
