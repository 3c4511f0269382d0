import { z } from 'zod'
import { backoffMs } from '../../lib/backoff.ts'
import { unanswered } from '../../model/failure.ts'
import type { Api } from '../api.ts'
import { ProviderError, type ProviderOptions, type RemoteFile } from '../provider.ts'
import { path } from '../remote-id.ts'

/** Looks at a file, the last ones half a minute apart; then it is stored again, which costs nothing but quota. */
const MOST_LOOKS = 40
const MOST_WAIT_MS = 30_000
const FIRST_WAIT_MS = 500

const stateSchema = z.object({ status: z.string().nullish() })

/** The file once a create can name it: a create before fails. Throws `ProviderError` where the service finds it bad. */
export async function untilProcessed(
  api: Api,
  file: RemoteFile,
  options: Pick<ProviderOptions, 'clock' | 'random' | 'readRetryMs'>,
  signal: AbortSignal,
): Promise<RemoteFile> {
  const { clock, random, readRetryMs = FIRST_WAIT_MS } = options
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const { status } = await api.read({ path: path`/files/${file.id}` }, stateSchema, signal)
    const word = (status ?? 'processed').toLowerCase()
    if (word === 'processed') return file
    if (word === 'error' || word === 'failed') throw failed('refused', file, 'found it bad')
    const backoff = { firstMs: readRetryMs, factor: 2, mostMs: MOST_WAIT_MS }
    await clock.sleep(backoffMs(backoff, look, random.fraction()), signal)
    if (signal.aborted) break
  }
  throw failed('server', file, 'has not processed it in time')
}

function failed(kind: 'refused' | 'server', { id }: RemoteFile, what: string): ProviderError {
  return new ProviderError(unanswered(kind, `the file ${id} was stored, but the service ${what}`))
}
