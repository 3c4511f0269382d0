import { limitsInForce } from '../../config/settings.ts'
import { systemClock } from '../../lib/clock.ts'
import { EXIT, LlmBatchError } from '../../model/error.ts'
import type { ProbeRecord } from '../../model/probe.ts'
import { parseModel, type Target } from '../../model/target.ts'
import { costOf, findPrice } from '../../prices/cost.ts'
import { dollars } from '../../prices/dollars.ts'
import { INLINE_PROBE_BATCHES, probeInline } from '../../probe/inline-probe.ts'
import { PROBE_BATCHES, probeLive, UNFENCED_PROBE_BATCHES } from '../../probe/live-probe.ts'
import { MOST_ANSWER_TOKENS, probeBody, probeTarget } from '../../probe/one-row.ts'
import type { Provider } from '../../providers/provider.ts'
import { findProvider } from '../../providers/registry.ts'
import { accountOf } from '../../workspace/account.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { Interruption } from '../drive/interruption.ts'
import { confirm } from '../questions/ask.ts'
import { evidenceDocument, renderEvidence } from '../render/views/evidence-view.ts'
import type { Shell } from '../shell.ts'

/** Flags of `doctor --live`. */
export interface LiveFlags {
  readonly model?: string | undefined
  readonly within: number
  readonly yes?: boolean | undefined
  readonly json?: boolean | undefined
}

/** Between two looks at the list, at most: how late a batch appears should be known to a few seconds. */
const LONGEST_LOOK_MS = 5_000

/**
 * Tests what the promise assumes at the user's provider, for a price that is said before, and keeps the
 * dated answer in the home.
 */
export async function examineLive(shell: Shell, workspace: Workspace, flags: LiveFlags): Promise<number> {
  const { provider: name, model } = modelOf(flags)
  const { clock, configuration, environment, random, store } = workspace
  const entry = findProvider(name)
  const credentials = configuration.credentialsFor(entry)
  const provider = await workspace.connect(name)
  const target = probeTarget(name, model)
  if (!limitsInForce(configuration.settings, name, model, provider.limits(target)).isEndpointKnown) {
    throw new LlmBatchError('usage', `${name} does not support chat requests in batches`)
  }
  shell.tell(announcement(workspace, provider, target))
  if (!(await isAccepted(shell, flags))) return EXIT.usage
  const { waits } = configuration.settings
  const interruption = new Interruption(shell, systemClock)
  try {
    const result = await interruption.during(
      'Batches and files of the probe may be left at the provider; look with: llm-batch remote',
      (signal) =>
        (provider.store ? probeLive : probeInline)(
          {
            provider,
            clock,
            random,
            target,
            lookMs: Math.min(waits.pollMs, LONGEST_LOOK_MS),
            limitMs: flags.within,
            signal,
          },
          waits.settleMs,
          (text) => shell.tell(text),
        ),
    )
    if (interruption.isStopped) return EXIT.interrupted
    const salt = Buffer.from(random.bytes(8)).toString('hex')
    const record: ProbeRecord = {
      version: 1,
      at: clock.now(),
      provider: name,
      baseUrl: provider.baseUrl,
      model: `${name}/${model}`,
      salt,
      account: accountOf(salt, credentials, entry, environment),
      listedAfterMs: result.listedAfterMs,
      findings: result.findings,
    }
    await store.addProbe(record)
    if (flags.json)
      await shell.printJson({ version: 1, evidence: evidenceDocument({ probe: record, isSameKey: true }) })
    else await shell.print(renderEvidence(record, shell.outputColors))
    const isBroken = Object.values(record.findings).some(({ verdict }) => verdict === 'broken')
    if (isBroken) shell.tell('At this provider, llm-batch cannot keep its promise of crash safety; see above.')
    return isBroken ? EXIT.held : EXIT.ok
  } finally {
    interruption.end()
  }
}

function modelOf({ model }: LiveFlags): { provider: string; model: string } {
  const parsed = model === undefined ? undefined : parseModel(model)
  if (parsed) return parsed
  throw new LlmBatchError('usage', '--live needs a model for the probe', {
    next: 'Add --model provider/model, the cheapest one that takes chat requests.',
  })
}

/** What is about to be bought, the most it can cost (no text has more tokens than bytes), and what does not apply. */
function announcement({ configuration }: Workspace, provider: Provider, target: Target): string {
  const { model, provider: name } = target
  const { batches, rest } = extentOf(provider)
  const promptTokens = batches * Buffer.byteLength(probeBody(provider, target))
  const completionTokens = batches * MOST_ANSWER_TOKENS
  const usage = { promptTokens, completionTokens, cachedTokens: null, reasoningTokens: null }
  const ceiling = costOf(usage, findPrice(name, model, configuration.prices), 'batch')
  const tokens = `${promptTokens} input and ${completionTokens} output tokens`
  const price =
    ceiling === null ? `at most ${tokens}; their price is not known here` : `at most ${dollars(ceiling)} (${tokens})`
  const where = configuration.baseUrlOf(findProvider(name))
  const made = batches === 1 ? 'one batch of one row' : `up to ${batches} batches of one row each`
  return `This makes ${made} with ${name}/${model} at ${where}: ${price}.${rest}`
}

/** How many batches a probe makes at most, and what it cannot test. */
function extentOf(provider: Provider): { readonly batches: number; readonly rest: string } {
  const { name } = provider
  const untested = 'so that nothing is tested about deleting one'
  if (!provider.store) return { batches: INLINE_PROBE_BATCHES, rest: ` ${name} stores no input files, ${untested}.` }
  if (provider.discard) return { batches: PROBE_BATCHES, rest: '' }
  const rest = ` llm-batch knows no way to delete an input file at ${name}, ${untested}, and its one row stays there.`
  return { batches: UNFENCED_PROBE_BATCHES, rest }
}

async function isAccepted(shell: Shell, { yes }: LiveFlags): Promise<boolean> {
  if (yes === true) return true
  if (!shell.canAsk) {
    throw new LlmBatchError('usage', 'not sent: this needs your confirmation, and there is no terminal to ask on', {
      next: 'To do it, add --yes.',
    })
  }
  const isYes = await confirm(shell, 'Go on?')
  if (!isYes) shell.tell('Nothing was sent.')
  return isYes
}
