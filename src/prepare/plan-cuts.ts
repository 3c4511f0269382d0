import { CanaryChoice, readAhead } from '../log/canary-choice.ts'
import { type Cutting, Cuttings } from '../log/cutting.ts'
import type { PlannableRequest, PreparedRow } from '../log/prepared-row.ts'
import { WIRE_ID_LENGTH } from '../model/ids.ts'
import type { Target } from '../model/target.ts'
import type { RequestLoad } from '../plan/request-load.ts'
import { type BatchCut, createSplitter } from '../plan/splitter.ts'
import { RequestTally } from '../plan/tally.ts'
import { TokenCounters } from '../plan/tokens.ts'
import type { Provider } from '../providers/provider.ts'
import type { Store } from '../store/store.ts'
import type { RunContext } from '../workspace/context.ts'
import type { PreparedInput } from './prepare.ts'

/** What a plan is cut by; the home is null where there is none yet. */
export interface PlanPorts extends Pick<RunContext, 'clock' | 'settings'> {
  readonly provider: Provider
  readonly home: Pick<Store, 'queueBelief' | 'tokenRate'> | null
  readonly baseUrl: string
}

/** Any wire id will do for counting: they all have one length. */
const SAMPLE_WIRE_ID = 'b'.repeat(WIRE_ID_LENGTH)

const LINE_FEED_BYTES = 1

/** Where the requests of an input would go, and what was counted of them. */
export interface PlannedCuts {
  readonly cuts: readonly BatchCut[]
  readonly tally: RequestTally
}

/**
 * The batches, and the requests asked directly first, that freezing these rows would make, by what the home knows of queues
 * and of earlier estimates. Rows whose answer comes from elsewhere send nothing. Nothing is stored; `onRow` is told of
 * every row.
 */
export async function planCuts(
  ports: PlanPorts,
  input: Pick<PreparedInput, 'shape' | 'rows'>,
  onRow: (row: PreparedRow) => void,
): Promise<PlannedCuts> {
  const { provider, settings } = ports
  const { canary } = settings
  const { isLarge, rows } = await readAhead(input.rows, canary.aboveRequests)
  const canCall = (target: Target): boolean => provider.limits(target).canCallDirectly
  const choice = isLarge && canary.isOn ? new CanaryChoice(canary, input.shape, canCall) : null
  const cutter = new Cutter(ports)
  try {
    for await (const chunk of rows) {
      for (const row of chunk) {
        onRow(row)
        if (row.request && !row.origin) await cutter.add(row.request, choice?.setFor(row.request) ?? null)
      }
    }
    return { cuts: cutter.finish(), tally: cutter.tally }
  } finally {
    cutter.close()
  }
}

class Cutter {
  readonly tally = new RequestTally()
  readonly #provider: Provider
  readonly #counters: TokenCounters
  readonly #cuttings: Cuttings
  readonly #splitter
  readonly #cuts: BatchCut[] = []
  readonly #direct = new Map<string, BatchCut>()
  /** Tokens of each target's open batch, before calibration, as a run sums them up. */
  readonly #openTokens = new Map<Target, number>()

  constructor({ baseUrl, clock, home, provider, settings }: PlanPorts) {
    this.#provider = provider
    this.#counters = new TokenCounters(settings.isCountingTokens)
    const store = home && {
      queueBelief: (target: Target) => home.queueBelief(baseUrl, target),
      tokenRate: (target: Target, method: Parameters<Store['tokenRate']>[2]) => home.tokenRate(baseUrl, target, method),
    }
    this.#cuttings = new Cuttings({ clock, counters: this.#counters, provider, settings, store })
    this.#splitter = createSplitter((target) => this.#cuttings.limitsOf(target))
  }

  /** Places one request, in a batch or in the set of those that are asked directly. */
  async add(request: PlannableRequest, set: string | null): Promise<void> {
    const { target } = request
    const cutting = this.#cuttings.known(target) ?? (await this.#cuttings.of(target))
    const line = Buffer.from(this.#provider.encode({ wireId: SAMPLE_WIRE_ID, ...request }))
    const tokens = cutting.counter.count(line, set === null ? cutting.limits.queueTokens : null)
    const load = cutting.loadOf(line)
    this.tally.add(target, request.body, request.mostOutputTokens)
    this.tally.addLoad(target, load)
    if (set === null) this.#place(target, line.length, { tokens, load }, cutting)
    else this.#placeDirect(set, target, line.length, tokens * cutting.rate)
  }

  finish(): readonly BatchCut[] {
    const open = this.#splitter.finish().map((cut) => this.#calibrated(cut))
    const direct = [...this.#direct.values()].map((cut) => ({ ...cut, tokens: Math.ceil(cut.tokens) }))
    return [...this.#cuts, ...open, ...direct]
  }

  close(): void {
    this.#counters.close()
  }

  #place(target: Target, bytes: number, size: { tokens: number; load: RequestLoad }, { rate }: Cutting): void {
    const { load, tokens } = size
    const { closed } = this.#splitter.place(target, bytes, Math.ceil(tokens * rate), load)
    if (closed) this.#cuts.push(this.#calibrated(closed))
    this.#openTokens.set(target, (this.#openTokens.get(target) ?? 0) + tokens)
  }

  #placeDirect(set: string, target: Target, bytes: number, tokens: number): void {
    const known = this.#direct.get(set) ?? { ordinal: 0, target, requests: 0, bytes: 0, tokens: 0, kind: 'direct' }
    this.#direct.set(set, {
      ...known,
      requests: known.requests + 1,
      bytes: known.bytes + bytes + LINE_FEED_BYTES,
      tokens: known.tokens + tokens,
    })
  }

  #calibrated(cut: BatchCut): BatchCut {
    const tokens = this.#openTokens.get(cut.target) ?? 0
    this.#openTokens.set(cut.target, 0)
    return { ...cut, tokens: Math.ceil(tokens * (this.#cuttings.known(cut.target)?.rate ?? 1)) }
  }
}
