import { RUNTIME_VERSIONS } from '../lib/machine.ts'
import { LlmBatchError } from '../model/error.ts'

/**
 * Makes sure, before anything is opened or sent, that the runtime has what calls need. Bun (seen with 1.4.5) answers
 * imports of `undici` with its own module, which cannot keep uploads and downloads in flat memory or tell whether a
 * request left the machine. Node and Deno pass. May be repeated.
 * @throws LlmBatchError `configuration` where Bun carries out the program
 */
export function assertRuntime(versions = RUNTIME_VERSIONS): void {
  const version = versions['bun']
  if (version === undefined) return
  throw new LlmBatchError(
    'configuration',
    `llm-batch does not run with Bun (this is Bun ${version}); nothing was sent`,
    {
      next: 'Run it with Node 20.19 or newer, or with Deno: Bun replaces the HTTP client that llm-batch needs.',
    },
  )
}
