import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseLines } from './command.ts'
import type { LocalWorld } from './local-world.ts'

/** A billed row in the books of the local server. */
export interface BilledRow {
  /** The word after `nonce:` in its prompt. */
  readonly nonce: string
  /** Input and output together. */
  readonly tokens: number
  /** When its batch was created, in epoch milliseconds. */
  readonly createdAtMs: number
}

/** Every row that the server of a world has billed in batches. */
export async function billedRows({ folder, server }: Pick<LocalWorld, 'folder' | 'server'>): Promise<BilledRow[]> {
  const { batches } = await server.ledger()
  const billed = batches.filter(({ rowsBilled }) => rowsBilled > 0)
  const books = await Promise.all(
    billed.map(async ({ createdAtMs, id }) => {
      const lines = parseLines(await readFile(join(folder, 'server', 'ledger', `${id}.jsonl`), 'utf8'))
      return lines.map(({ inputTokens, nonce, outputTokens }) => {
        return { nonce: String(nonce), tokens: Number(inputTokens) + Number(outputTokens), createdAtMs }
      })
    }),
  )
  return books.flat()
}
