import type { Configuration } from '../../config/configuration.ts'
import { VARIABLES } from '../../config/variables.ts'
import type { Clock } from '../../lib/clock.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { TellReason } from '../../model/reason.ts'
import { createTransport } from '../../providers/http.ts'
import { isLoopback } from '../../providers/secure-origin.ts'
import type { RunReport } from '../../workspace/report.ts'
import { keyOf, SECRET_PREFIX } from '../secret.ts'
import { type DeliveryRoad, deliver } from './deliver.ts'
import { runMessage } from './run-message.ts'

/** How long the address may be silent. */
const SILENCE_MS = 10_000

/** Sources of a webhook about runs. */
export interface FinishWebhookSources {
  readonly configuration: Pick<Configuration, 'webhookSecretsIn'>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly tell: TellReason
}

/** An address that is told what runs have come to. */
export class FinishWebhook {
  readonly #road: Omit<DeliveryRoad, 'stop'>
  readonly #tell: TellReason
  readonly #stop = new AbortController()
  readonly #deliveries = new Set<Promise<void>>()

  /**
   * Reads the address and the secret; sends nothing. Throws `usage` for an address that is not https, or http of this
   * machine, and `configuration` where there is no secret to sign by.
   */
  constructor(address: string, option: string, { clock, configuration, environment, tell }: FinishWebhookSources) {
    const isHttpAllowed = environment[VARIABLES.allowHttp]?.trim() === '1'
    const url = checkedAddress(address, option, isHttpAllowed)
    const keys = keysIn(configuration, option)
    const transport = createTransport({
      apiOrigin: url.origin,
      clock,
      idleTimeoutMs: SILENCE_MS,
      environment,
      isHttpAllowed,
    })
    this.#road = { url, keys, transport, clock }
    this.#tell = tell
  }

  /** The address as it may be shown: its path may be a secret of the receiver. */
  get origin(): string {
    return this.#road.url.origin
  }

  /** Begins to deliver what the run has come to; `onUndelivered` is told why where that fails. Never throws, never waits. */
  begin(report: RunReport, onUndelivered: (why: string) => Promise<void>): void {
    const message = runMessage(report, this.#tell, this.#road.clock.now())
    const delivery = deliver(message, { ...this.#road, stop: this.#stop.signal })
      .catch(String)
      .then(async (why) => (why === null ? undefined : await onUndelivered(why)))
      .finally(() => this.#deliveries.delete(delivery))
    this.#deliveries.add(delivery)
  }

  /** Resolves once nothing is on its way any more: within a minute and a half, and with the next answer after `stop`. */
  async settled(): Promise<void> {
    await Promise.all(this.#deliveries)
  }

  /** Makes the tries at hand the last ones. */
  stop(): void {
    this.#stop.abort()
  }
}

function checkedAddress(address: string, option: string, isHttpAllowed: boolean): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && (isHttpAllowed || isLoopback(url)))
  if (url && isSecure && url.username === '' && url.password === '') return url
  throw new LlmBatchError('usage', `${option} names an address that no webhook is sent to`, {
    next: 'Write an https address without user and password; http is for this machine only.',
  })
}

function keysIn({ webhookSecretsIn }: Pick<Configuration, 'webhookSecretsIn'>, option: string): readonly Uint8Array[] {
  const variable = VARIABLES.webhookSecret
  const secrets = webhookSecretsIn(variable)
  const make = `node -p "'${SECRET_PREFIX}' + crypto.randomBytes(32).toString('base64')"`
  if (secrets.length === 0) {
    throw new LlmBatchError('configuration', `${option} sends a signed webhook, and ${variable} is not set`, {
      next: `Make a secret with: ${make}. Set it here, and give it to the receiver.`,
    })
  }
  // Libraries of receivers read a secret without this beginning in different ways.
  if (secrets.every((secret) => secret.startsWith(SECRET_PREFIX)))
    return secrets.map((secret) => keyOf(secret, variable))
  throw new LlmBatchError('configuration', `a secret in ${variable} does not begin with ${SECRET_PREFIX}`, {
    next: `Make one with: ${make}`,
  })
}
