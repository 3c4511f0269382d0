import type { ConformanceFault, ConformanceSubject } from '../../src/providers/conformance.ts'
import type { LocalServer, LocalServerOptions } from '../../src/server/options.ts'
import { heldClock } from './held-clock.ts'
import { serverForTest } from './local-server.ts'

/** The faults of the local server that are those of the conformance cases. */
const FAULTS: Readonly<Record<ConformanceFault, string>> = {
  lost: 'accept-then-reset',
  server_error: 'status(500)',
  throttled: 'status(429)',
  refused: 'status(400)',
  unauthorised: 'status(401)',
  page: 'html(200)',
  page_not_found: 'html(404)',
  redirect: 'redirect(https://elsewhere.example/)',
}

/** Strikes every create and changes no answer that is seen here: the server keeps a list of what struck. */
const COUNTING = 'create=plain-errors'

/** A local server whose batches stand still until they are to finish, as the other side of the conformance cases. */
export async function localConformance(
  options: Partial<LocalServerOptions>,
): Promise<Pick<ConformanceSubject, 'finish' | 'failNext' | 'countCreates'> & { readonly server: LocalServer }> {
  const { clock, release } = heldClock()
  const server = await serverForTest({ clock, ...options, faults: [COUNTING] })
  return {
    server,
    finish: async () => {
      release()
      await server.drain()
    },
    failNext: async (fault, calls) => server.setFaults([`any:1-${calls}=${FAULTS[fault]}`, COUNTING]),
    countCreates: async () => server.firedFaults().filter(({ name }) => name === 'plain-errors').length,
  }
}
