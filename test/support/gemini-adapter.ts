import { systemRandom } from '../../src/lib/random.ts'
import { GEMINI } from '../../src/providers/gemini/entry.ts'
import { createTransport } from '../../src/providers/http.ts'
import type { Provider } from '../../src/providers/provider.ts'
import type { LocalServer } from '../../src/testing.ts'
import { impatientClock, KEY } from './adapter.ts'

/** An adapter that counts. */
export interface GeminiAt {
  readonly provider: Provider
  /** Creates that were sent. */
  readonly creates: () => number
}

/** The adapter of Gemini at a local server, and how many creates it has sent. */
export async function geminiAt({ geminiUrl: baseUrl }: LocalServer): Promise<GeminiAt> {
  let creates = 0
  const clock = impatientClock
  const inner = createTransport({ apiOrigin: baseUrl, clock, idleTimeoutMs: 60_000, environment: {} })
  const transport: typeof inner = {
    send: (request, signal) => {
      if (/:(?:batchGenerate|asyncBatchEmbed)Content$/.test(request.url.pathname)) creates += 1
      return inner.send(request, signal)
    },
  }
  const provider = await GEMINI.create({ apiKey: KEY, baseUrl, transport, clock, random: systemRandom }, {})
  return { provider, creates: () => creates }
}
