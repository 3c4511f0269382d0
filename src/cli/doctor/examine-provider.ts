import type { Credentials } from '../../config/credentials.ts'
import type { Clock } from '../../lib/clock.ts'
import { formatDuration } from '../../lib/duration.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { Failure } from '../../model/failure.ts'
import { inFlags } from '../../model/options/mention.ts'
import { ProviderError } from '../../providers/provider.ts'
import type { ProviderEntry } from '../../providers/provider-entry.ts'
import type { Site } from '../../workspace/workspace.ts'
import type { Finding } from './finding.ts'

/** How long a provider may take to answer one small question. */
const ANSWER_WITHIN_MS = 20_000

/** Clocks that differ by more make deadlines and the age of batches wrong. */
const MOST_SKEW_MS = 5 * 60_000

/** Findings about one provider. */
export interface ExaminedProvider {
  readonly finding: Finding
  readonly hasKey: boolean
  /** How much later it is here than at the provider, in milliseconds; null where that is not known. */
  readonly aheadMs: number | null
}

/**
 * Looks for the key of a provider and, unless nothing is to be asked, reads the beginning of its list of batches: one free
 * call, which tells whether the key is accepted and the base URL leads to a batch API. Never shows the key itself.
 */
export async function examineProvider(place: Site, entry: ProviderEntry, mayAsk: boolean): Promise<ExaminedProvider> {
  const { configuration } = place
  const what = entry.name
  if (!configuration.hasKeyFor(entry)) {
    return found({ what, text: `no key: ${entry.keyVariable} is not set`, problem: null }, { hasKey: false })
  }
  try {
    const { baseUrl, keyFrom, keyVariable, warning } = configuration.credentialsFor(entry)
    const note = warning === null ? '' : `\n${warning}`
    const text = `${keyVariable} from ${PLACES[keyFrom]}, at ${baseUrl}${note}`
    if (!mayAsk) return found({ what, text, problem: null })
    const { at, problem } = await greet(place, entry, baseUrl)
    const answer = problem === null ? '\nthe key is accepted, and the list of batches can be read' : ''
    const aheadMs = at === null ? null : place.clock.now() - at.getTime()
    return found({ what, text: `${text}${answer}`, problem }, { aheadMs })
  } catch (error) {
    if (!LlmBatchError.isInstance(error)) throw error
    const { message, next } = error.inWords(inFlags)
    return found({ what, text: message, problem: `${message} ${next}`.trim() })
  }
}

const PLACES: Readonly<Record<Credentials['keyFrom'], string>> = {
  environment: 'the environment',
  '.env': '.env in the working folder',
  command: 'the configuration file',
}

function found(finding: Finding, facts: Partial<ExaminedProvider> = {}): ExaminedProvider {
  return { finding, hasKey: true, aheadMs: null, ...facts }
}

async function greet(
  place: Site,
  entry: ProviderEntry,
  baseUrl: string,
): Promise<{ readonly at: Date | null; readonly problem: string | null }> {
  const provider = await place.connect(entry.name)
  if (!provider.greet) return { at: null, problem: null }
  const limit = timeLimit(place.clock)
  try {
    const { at } = await provider.greet(limit.signal)
    return { at, problem: null }
  } catch (error) {
    if (limit.signal.aborted) {
      const within = formatDuration(ANSWER_WITHIN_MS)
      return { at: null, problem: `no answer within ${within}; check the network, the proxy and ${baseUrl}` }
    }
    if (!(error instanceof ProviderError)) throw error
    return { at: null, problem: problemOf(error.failure, entry, baseUrl) }
  } finally {
    limit.end()
  }
}

function timeLimit(clock: Clock): { readonly signal: AbortSignal; end(): void } {
  const limit = new AbortController()
  const over = new AbortController()
  void clock.sleep(ANSWER_WITHIN_MS, over.signal).then(() => over.signal.aborted || limit.abort())
  return { signal: limit.signal, end: () => over.abort() }
}

/** What a failed look at the list means for a person. */
function problemOf({ kind, message, status }: Failure, entry: ProviderEntry, baseUrl: string): string {
  const { baseUrlVariable, keyVariable, name } = entry
  const address = `check ${baseUrlVariable}, which is ${baseUrl} now`
  if (status === 404 || status === 405) return `there is no batch API at this base URL (${message}); ${address}`
  switch (kind) {
    case 'unauthorised':
      return `the key is refused (${message}); set ${keyVariable} to a key of ${name} that is valid`
    case 'forbidden':
      return `the key may not read batches (${message}); check its permissions and the account`
    case 'unreached':
    case 'transport':
      return `it cannot be reached (${message}); check the network and the proxy, and ${address}`
    case 'throttled':
      return `it asks to wait (${message}); ask again in a minute`
    case 'server':
      return `it reports a failure (${message}); ask again later`
    case 'shape':
      return `the answer does not come from a batch API (${message}); check the proxy, and ${address}`
    case 'absent':
    case 'too_large':
    case 'refused':
      return `the list of batches is refused (${message}); ${address}`
    default:
      return kind satisfies never
  }
}

/** The clock against those of the providers that were asked, and against the youngest price, which is older than now. */
export function examineClock(now: number, newestPrice: string, providers: readonly ExaminedProvider[]): Finding {
  const here = new Date(now).toISOString()
  const farthest = providers
    .map(({ aheadMs }) => aheadMs ?? 0)
    .toSorted((one, other) => Math.abs(other) - Math.abs(one))[0]
  const ahead = farthest ?? 0
  const finding = { what: 'clock', text: here }
  if (Math.abs(ahead) > MOST_SKEW_MS) {
    const side = ahead > 0 ? 'ahead of' : 'behind'
    return { ...finding, problem: `the clock is ${formatDuration(Math.abs(ahead))} ${side} the provider's; set it` }
  }
  return { ...finding, problem: here.slice(0, 10) < newestPrice ? 'the clock is behind; set it' : null }
}
