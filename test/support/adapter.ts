import type { Clock } from '../../src/lib/clock.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { createTransport } from '../../src/providers/http.ts'
import { createMistralProvider } from '../../src/providers/mistral/adapter.ts'
import { createOpenAIProvider } from '../../src/providers/openai/adapter.ts'
import type { Provider, ProviderOptions } from '../../src/providers/provider.ts'
import { findProvider } from '../../src/providers/registry.ts'

export const KEY = 'sk-test-0123456789abcdef'

/** Real time whose short waits take none, while time limits stay as long as they are. */
export const impatientClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds < 3_000 ? 0 : milliseconds)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    }),
}

const ADAPTERS = { openai: createOpenAIProvider, mistral: createMistralProvider }

/** The adapter of this name, bound to a server of this machine. */
export function adapterFor(
  name: keyof typeof ADAPTERS,
  origin: string,
  clock: Clock = impatientClock,
  apiKey = KEY,
  more: Partial<ProviderOptions> = {},
): Provider {
  const transport = createTransport({ apiOrigin: origin, clock, idleTimeoutMs: 60_000, environment: {} })
  return ADAPTERS[name]({ apiKey, baseUrl: `${origin}/v1`, transport, clock, random: systemRandom, ...more })
}

/** The adapter that is registered under this name, bound to an API root of this machine. */
export async function registeredAdapter(
  name: string,
  baseUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Provider> {
  const clock = impatientClock
  const transport = createTransport({ apiOrigin: baseUrl, clock, idleTimeoutMs: 60_000, environment: {} })
  return await findProvider(name).create({ apiKey: KEY, baseUrl, transport, clock, random: systemRandom }, environment)
}
