import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeAtomically } from '../../lib/atomic-file.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Disk } from '../../lib/disk.ts'
import type { Random } from '../../lib/random.ts'
import { addressesOf } from '../../server/addresses.ts'

/** Folders, server and settings of the demo. */
export interface World {
  /** Everything lies below this folder. */
  readonly folder: string
  readonly provider: 'openai' | 'mistral'
  /** `provider/model`. */
  readonly model: string
  /** True where a person looks on: batches then take long enough to be seen, and commands show what they do. */
  readonly isWatched: boolean
  readonly disk: Disk
  readonly clock: Clock
  /** Variables of the demo's own process; only a few are handed on. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Tells a person who looks on what happens now. */
  readonly tell: (text: string) => void
  /** Aborts when the user stops the demo. */
  readonly signal: AbortSignal
}

/** A model for each provider; its price is known, so that the report tells a cost. */
export const MODELS = { openai: 'openai/gpt-6.1-terra', mistral: 'mistral/mistral-small-latest' } as const

/** A new folder for one demo, among the machine's temporary files. */
export async function makeDemoFolder(disk: Disk, random: Random): Promise<string> {
  const folder = join(tmpdir(), `llm-batch-demo-${Buffer.from(random.bytes(6)).toString('hex')}`)
  await disk.makeFolder(folder)
  return folder
}

/**
 * What a process of the demo finds in its environment besides keys and addresses: no proxy, no key of the user's. A user
 * that the system does not know, as in a container, has a home folder by the environment only.
 */
const HANDED_ON = [
  'PATH',
  'HOME',
  'SystemRoot',
  'TEMP',
  'TMP',
  'TMPDIR',
  'TERM',
  'COLORTERM',
  'NO_COLOR',
  'FORCE_COLOR',
]

/** The environment of a client, with a made-up key and the local server's address. */
export function clientEnvironment({ environment }: World, server: { readonly url: string }) {
  return {
    ...Object.fromEntries(HANDED_ON.map((name) => [name, environment[name]])),
    ...Object.fromEntries(
      addressesOf(server).flatMap(({ baseUrlVariable, keyVariable, url }) => [
        [baseUrlVariable, url],
        [keyVariable, 'demo-without-a-key'],
      ]),
    ),
  }
}

/** A working folder for the command: a home of its own, and waits that are short, a little less so where `isSlow`. */
export async function makeWorkingFolder(
  { disk, folder }: World,
  name: string,
  options: { readonly isSlow: boolean; readonly limits: Readonly<Record<string, number>> },
): Promise<string> {
  const path = join(folder, name)
  await disk.makeFolder(path)
  const poll = options.isSlow ? { poll: '300ms', pollMost: '1s' } : { poll: '40ms', pollMost: '200ms' }
  // On a busy machine an answer may take seconds; a client that gives one up too early has not died where it should.
  const waits = { ...poll, http: '60s', settle: '60s', unfenced: '60s', retryBackoff: '100ms' }
  await writeAtomically(disk, join(path, 'llm-batch.config.json'), async (writer) => {
    await writer.writeText(`${JSON.stringify({ home: 'home', waits, limits: options.limits }, null, 2)}\n`)
  })
  return path
}
