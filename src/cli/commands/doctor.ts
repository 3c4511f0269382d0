import { type Command, Option } from 'commander'
import type { Configuration } from '../../config/configuration.ts'
import { systemClock } from '../../lib/clock.ts'
import { nearestFolder, systemDisk } from '../../lib/disk.ts'
import { EXIT, messageOf } from '../../model/error.ts'
import { PRICES } from '../../prices/table.ts'
import { PROVIDERS, type ProviderEntry } from '../../providers/registry.ts'
import { sqliteVersion } from '../../store/engine-version.ts'
import { VERSION } from '../../version.ts'
import { examineLive } from '../doctor-live.ts'
import { durationMsFlag } from '../flag-values.ts'
import { loadSettings, withHome } from '../open-home.ts'
import { addPlaceFlags, type PlaceFlags } from '../place-flags.ts'
import { renderFacts } from '../render/facts.ts'
import { bytes } from '../render/quantity.ts'
import type { Shell } from '../shell.ts'

interface DoctorFlags extends PlaceFlags {
  readonly json?: boolean | undefined
  readonly live?: boolean | undefined
  readonly model?: string | undefined
  readonly within: number
  readonly yes?: boolean | undefined
}

/** How long `--live` watches a batch; a quiet provider ends one of one row within minutes. */
const WITHIN_MS = 30 * 60_000

/** One thing looked at. */
interface Finding {
  readonly what: string
  readonly text: string
  /** What would stop a run; null where nothing would. */
  readonly problem: string | null
}

/** Less than this fills up before a large run is over. */
const LEAST_FREE_BYTES = 1_000_000_000

/** `llm-batch doctor`: whether everything is here that a run needs. Calls nobody, unless asked to with `--live`. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addPlaceFlags(command)
    .option('--json', 'as JSON on standard output')
    .option('--live', 'buy up to three batches of one row, to test at the provider what crash safety relies on')
    .option('-m, --model <provider/model>', 'with --live: the model that the probe uses')
    .addOption(
      new Option('--within <duration>', 'with --live: how long to wait for each batch of the probe')
        .argParser(durationMsFlag)
        .default(WITHIN_MS, '30m'),
    )
    .option('-y, --yes', 'with --live: accept its price')
    .action(async (flags: DoctorFlags) => {
      setExitCode(
        flags.live === true
          ? await withHome(shell, flags, (workspace) => examineLive(shell, workspace, flags))
          : await examine(shell, flags),
      )
    })
}

async function examine(shell: Shell, flags: DoctorFlags): Promise<number> {
  const configuration = await loadSettings(shell, flags)
  const keys = Object.values(PROVIDERS).map((entry) => examineKey(configuration, entry))
  const others = [...(await examineHome(configuration)), examineClock(), ...versions(configuration)]
  // One provider is enough.
  const hasKey = keys.some(({ problem }) => problem === null)
  const isWell = hasKey && others.every(({ problem }) => problem === null)
  if (flags.json) await shell.printJson({ version: 1, isWell, findings: [...keys, ...others] })
  else await shell.show(renderFindings(shell, [...keys, ...others]))
  if (!isWell) shell.tell(hasKey ? 'Something would stop a run; see above.' : 'No provider can be used: set a key.')
  return isWell ? EXIT.ok : EXIT.usage
}

/** Never shows the key itself. */
function examineKey(configuration: Configuration, entry: ProviderEntry): Finding {
  const what = entry.name
  try {
    const { baseUrl, keyFrom, warning } = configuration.credentialsFor(entry)
    const where = keyFrom === '.env' ? '.env in the working folder' : 'the environment'
    const note = warning === null ? '' : `\n${warning}`
    return { what, text: `${entry.keyVariable} from ${where}, at ${baseUrl}${note}`, problem: null }
  } catch (error) {
    return { what, text: messageOf(error), problem: messageOf(error) }
  }
}

async function examineHome({ home }: Configuration): Promise<readonly Finding[]> {
  const folder = await nearestFolder(systemDisk, home)
  const network = await systemDisk.networkFileSystem(folder)
  const free = await systemDisk.freeBytes(folder)
  const isThere = folder === home
  return [
    {
      what: 'home',
      text: `${home}${isThere ? '' : ' (made by the first run)'}`,
      problem:
        network === undefined ? null : `it lies on a network file system (${network}); name a local one with --home`,
    },
    {
      what: 'disk',
      text: `${bytes(free)} free`,
      problem: free < LEAST_FREE_BYTES ? 'less than 1 GB is free; make room before a large run' : null,
    },
  ]
}

/** A clock far behind makes new batches look too old to be ours; it cannot be earlier than our own price table. */
function examineClock(): Finding {
  const now = new Date(systemClock.now()).toISOString()
  const isBehind = now.slice(0, 10) < newestPrice()
  return { what: 'clock', text: now, problem: isBehind ? 'the clock is behind; set it' : null }
}

function versions({ file }: Configuration): readonly Finding[] {
  const found: readonly (readonly [string, string])[] = [
    ['configuration', file ?? 'no file, all defaults'],
    ['prices', `as of ${newestPrice()}`],
    ['llm-batch', VERSION],
    ['Node', process.version.slice(1)],
    ['SQLite', sqliteVersion()],
  ]
  return found.map(([what, text]) => ({ what, text, problem: null }))
}

function newestPrice(): string {
  const dates = PRICES.map(({ asOf }) => asOf).filter((date) => date !== null)
  return dates.sort().at(-1) ?? 'unknown'
}

function renderFindings({ outputColors }: Shell, findings: readonly Finding[]): string {
  return renderFacts(
    findings.map(({ problem, text, what }) => {
      const isExtra = problem !== null && problem !== text
      const shown = isExtra ? `${text}\n${problem}` : text
      return [what, problem === null ? shown : outputColors.red(shown)]
    }),
    outputColors,
  )
}
