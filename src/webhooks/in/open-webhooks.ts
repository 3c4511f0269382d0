import { openPlace } from '../../library/open-place.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type WebhookHandlers, webhookHandlers } from './handlers.ts'
import type { ReceiverParts, Woken } from './receiver.ts'
import { type Sender, sendersOf, webhookProviders } from './senders.ts'

/** Options of `openWebhooks`. */
export interface OpenWebhooksOptions {
  /** The home folder, or the address of the database. @default as the command finds it */
  readonly home?: string
  /** A configuration file. @default `llm-batch.config.json` in the working folder */
  readonly config?: string
  /** Variables to use in place of the process's own. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Secrets by provider, in the place of those in the environment. @default the variables of the providers */
  readonly secrets?: Readonly<Record<string, string | readonly string[]>>
  /** Told of each run whose batch is looked at now. */
  readonly onWake?: (woken: Woken) => void
  /** Told of each request without a valid signature, and nothing of that request. */
  readonly onRefusal?: () => void
  /** Told why a valid webhook could not be taken. @default the first such error is thrown by `close` */
  readonly onTrouble?: (error: unknown) => void
}

/** Handlers of a home's webhooks, until they are closed. */
export interface Webhooks extends WebhookHandlers {
  /** Lets go of the home. May be repeated. */
  close(): Promise<void>
}

/**
 * Opens a home to take webhooks of providers in a program of one's own. Throws `configuration` where no secret is set, or
 * one cannot be used, and what opening the home throws.
 */
export async function openWebhooks(options: OpenWebhooksOptions = {}): Promise<Webhooks> {
  const { onRefusal = () => undefined, onWake = () => undefined, secrets = {}, ...place } = options
  const workspace = await openPlace(place)
  const troubles: unknown[] = []
  let closing: Promise<void> | undefined
  try {
    const senders = knownSenders(workspace, secrets)
    const onTrouble = options.onTrouble ?? ((error: unknown) => troubles.push(error))
    return {
      ...webhookHandlers(partsOf(workspace, senders, { onRefusal, onTrouble, onWake })),
      close: async () => {
        closing ??= workspace.close()
        await closing
        const [trouble] = troubles.splice(0)
        if (trouble !== undefined) throw trouble
      },
    }
  } catch (error) {
    await workspace.close()
    throw error
  }
}

/** The parts of a receiver for an opened home. */
export function partsOf(
  { store }: Workspace,
  senders: readonly Sender[],
  told: Pick<ReceiverParts, 'onRefusal' | 'onTrouble' | 'onWake'>,
): ReceiverParts {
  return { store, senders, ...told }
}

/** The senders whose secrets are set. Throws `configuration` where there is none. */
export function knownSenders(
  { clock, configuration }: Workspace,
  given: Readonly<Record<string, string | readonly string[]>> = {},
): readonly Sender[] {
  const lists = Object.entries(given).map(([name, secrets]) => [name, [secrets].flat()] as const)
  const unknown = lists.find(([name]) => webhookProviders().every((entry) => entry.name !== name))
  if (unknown) {
    const names = webhookProviders().map(({ name }) => name)
    throw new LlmBatchError('usage', `no webhooks are known of ${JSON.stringify(unknown[0])}`, {
      next: `The providers that send webhooks are ${names.join(', ')}.`,
    })
  }
  const senders = sendersOf(configuration, () => clock.now(), Object.fromEntries(lists))
  if (senders.length > 0) return senders
  const variables = webhookProviders().map(({ webhooks }) => webhooks.secretVariable)
  throw new LlmBatchError('configuration', 'no secret of a webhook is set', {
    next: `Set one of ${variables.join(', ')} to what the provider shows.`,
  })
}
