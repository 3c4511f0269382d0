import { type Command, Option } from 'commander'
import type { Configuration } from '../../config/configuration.ts'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { PROVIDERS } from '../../providers/registry.ts'
import { sqliteVersion } from '../../store/folder/engine-version.ts'
import { VERSION } from '../../version.ts'
import { examineLive } from '../doctor/doctor-live.ts'
import { repairLogs } from '../doctor/examine-logs.ts'
import { examineAnswers, examineHome } from '../doctor/examine-place.ts'
import { type ExaminedProvider, examineClock, examineProvider } from '../doctor/examine-provider.ts'
import { examineWebhooks } from '../doctor/examine-webhooks.ts'
import type { Finding } from '../doctor/finding.ts'
import { durationMsFlag } from '../flags/flag-values.ts'
import { addOptions } from '../flags/option-flags.ts'
import { findPlace, withHome } from '../open-home.ts'
import { renderFacts } from '../render/terminal/facts.ts'
import type { Shell } from '../shell.ts'

interface DoctorFlags extends OptionsOf<'doctor'> {
  readonly json?: boolean | undefined
  readonly live?: boolean | undefined
  readonly model?: string | undefined
  readonly offline?: boolean | undefined
  readonly repair?: boolean | undefined
  readonly within: number
  readonly yes?: boolean | undefined
}

/** How long `--live` watches a batch; a quiet provider ends one of one row within minutes. */
const WITHIN_MS = 30 * 60_000

/** As `engines` of the package says. */
const LEAST_NODE = '20.19.0'

/**
 * `llm-batch doctor`: whether everything is here and at the providers that a run needs. One free call for each provider
 * with a key, none with `--offline`; `--live` buys a probe.
 */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addOptions(command, 'doctor')
    .option('--json', 'as JSON on standard output')
    .option('--offline', 'do not ask the providers whether they accept the keys')
    .option('--repair', 'read all files of all runs, make or fetch again what can be, and say what is lost')
    .option('--live', 'buy up to three batches of one row, to test what crash safety needs of the provider')
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
  const place = await findPlace(shell, flags)
  const providers: ExaminedProvider[] = []
  for (const entry of Object.values(PROVIDERS)) {
    providers.push(await examineProvider(place, entry, flags.offline !== true))
  }
  // One provider is enough.
  const hasKey = providers.some((provider) => provider.hasKey)
  const findings = [
    ...(hasKey ? shownFindings(providers) : providers.map(({ finding }) => ({ ...finding, problem: finding.text }))),
    ...examineWebhooks(place.configuration),
    ...(await examineHome(place, (work) => withHome(shell, flags, work))),
    ...(flags.repair ? await withHome(shell, flags, (workspace) => repairLogs(workspace, flags.offline !== true)) : []),
    await examineAnswers(place.disk, shell.machine.workingFolder),
    examineClock(place.clock.now(), newestPrice(), providers),
    ...versions(place.configuration),
  ]
  const isWell = findings.every(({ problem }) => problem === null)
  if (flags.json) await shell.printJson({ version: 1, isWell, findings })
  else await shell.show(renderFindings(shell, findings))
  if (!isWell) shell.tell(hasKey ? 'A run would stop; see the problems above.' : 'No provider has a key: set one.')
  return isWell ? EXIT.ok : EXIT.held
}

/** The providers with a key, and in one line those without. */
function shownFindings(providers: readonly ExaminedProvider[]): readonly Finding[] {
  const without = providers.filter((provider) => !provider.hasKey).map(({ finding }) => finding.what)
  const text = `no key for ${without.join(', ')}`
  const others = without.length === 0 ? [] : [{ what: 'other providers', text, problem: null }]
  return [...providers.filter((provider) => provider.hasKey).map(({ finding }) => finding), ...others]
}

function versions({ file, spendingRemark }: Configuration): readonly Finding[] {
  const node = process.versions.node
  const isOld = node.localeCompare(LEAST_NODE, 'en', { numeric: true }) < 0
  const found: readonly (readonly [string, string])[] = [
    ['configuration', spendingRemark ?? file ?? 'no file, all defaults'],
    ['prices', `as of ${newestPrice()}`],
    ['llm-batch', VERSION],
    ['SQLite', sqliteVersion()],
  ]
  return [
    ...found.map(([what, text]) => ({ what, text, problem: null })),
    { what: 'Node', text: node, problem: isOld ? `it is older than ${LEAST_NODE}; install a newer one` : null },
  ]
}

function newestPrice(): string {
  const prices = Object.values(PROVIDERS).flatMap(({ facts }) => facts?.prices ?? [])
  const dates = prices.map(({ asOf }) => asOf).filter((date) => date !== null)
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
