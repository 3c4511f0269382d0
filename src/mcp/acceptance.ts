import { createHash } from 'node:crypto'
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { LlmBatchError } from '../model/error.ts'
import { commandLine, inFlags, mention } from '../model/options/mention.ts'
import { capMicrosOf, usdOf } from '../prices/micros.ts'
import { whileNoOtherStarts } from '../workspace/start-lock.ts'
import type { Workspace } from '../workspace/workspace.ts'
import type { AcceptedPrices } from './accepted.ts'
import { type ToolDocument, toolAnswer } from './tool-answer.ts'

/** Something that costs money, to be accepted before it is done. */
export interface Asking {
  /** Tells it from everything else that may be accepted, such as `start plan-…`. */
  readonly what: string
  /** The question to a person, without the price. */
  readonly question: string
  /** The most that it may cost, in micro-dollars; null where that is not known. */
  readonly micros: number | null
  /** Figures that the price follows from. */
  readonly figures: ToolDocument
}

/** A call of a tool, as far as its user may be asked. */
export interface AskingCall {
  readonly context: ServerContext
  /** Capabilities that the client has declared when it connected, where it does not with each call. */
  readonly declared: ClientCapabilities | undefined
  /** The confirmation that the agent gives. */
  readonly confirmation: string | undefined
}

/** Ports of acceptance. */
export interface AcceptancePorts {
  readonly workspace: Workspace
  readonly accepted: AcceptedPrices
  /** US dollars that may be accepted without a person within 24 hours. */
  readonly upToUsd: number
}

const FORM = {
  type: 'object' as const,
  properties: {
    accept: { type: 'boolean' as const, title: 'Spend it', description: 'Yes, spend up to this sum.' },
  },
  required: ['accept'],
}

/**
 * Has a price accepted: by the client's user where the client can ask, else by the agent's confirmation, as far as the limit
 * of the person who set the server up goes. Gives what is to be answered in place of doing it, or undefined where it was
 * accepted, which is on stable storage then. Throws `usage` where it was not accepted.
 */
export async function askFor(
  ports: AcceptancePorts,
  asking: Asking,
  call: AskingCall,
): Promise<CallToolResult | InputRequiredResult | undefined> {
  const confirmation = confirmationOf(asking)
  return canAsk(call)
    ? await askPerson(ports, asking, confirmation, call)
    : await askLimit(ports, asking, confirmation, call.confirmation)
}

/** A client that names no kind of question can show a form. */
function canAsk({ context, declared }: AskingCall): boolean {
  const envelope: Readonly<Record<string, unknown>> = context.mcpReq.envelope ?? {}
  const ofCall = envelope[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined
  const { elicitation } = ofCall ?? declared ?? {}
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined)
}

async function askPerson(
  { accepted, workspace }: AcceptancePorts,
  { micros, question, what }: Asking,
  confirmation: string,
  { context }: AskingCall,
): Promise<InputRequiredResult | undefined> {
  // The answer stands under the confirmation of this price, so that a yes to another one is not taken for it.
  const response = inputResponse(context.mcpReq.inputResponses, confirmation)
  if (response.kind === 'missing') {
    const message = `${question} It may cost ${micros === null ? 'an unknown sum' : `up to ${exactly(micros)}`}.`
    const form = inputRequired.elicit({ message, requestedSchema: FORM })
    return inputRequired({ inputRequests: { [confirmation]: form } })
  }
  const isYes = response.kind === 'elicit' && response.action === 'accept' && response.content?.['accept'] === true
  if (!isYes) {
    throw new LlmBatchError('usage', 'the user did not accept the price; nothing was sent', {
      next: 'Ask the user what to change. A part of the rows costs less: limit, or sample.',
    })
  }
  await accepted.add({ at: workspace.clock.now(), by: 'person', what, micros })
  return undefined
}

async function askLimit(
  { accepted, upToUsd, workspace }: AcceptancePorts,
  { figures, micros, what }: Asking,
  confirmation: string,
  given: string | undefined,
): Promise<CallToolResult | undefined> {
  const now = workspace.clock.now()
  const left = async (): Promise<number> => Math.max(0, capMicrosOf(upToUsd) - (await accepted.withoutPerson(now)))
  if (given !== confirmation) {
    const leftMicros = await left()
    return toolAnswer({
      status: 'needs_confirmation',
      priceUsd: micros === null ? null : usdOf(micros),
      figures,
      confirmation,
      leftWithoutPersonUsd: usdOf(leftMicros),
      next: nextOf(micros, leftMicros, given),
    })
  }
  return await whileNoOtherStarts(workspace, what, async () => {
    const leftMicros = await left()
    if (micros === null || micros > leftMicros) throw tooMuch(micros, leftMicros)
    await accepted.add({ at: now, by: 'limit', what, micros })
    return undefined
  })
}

function nextOf(micros: number | null, leftMicros: number, given: string | undefined): string {
  const changed = given === undefined ? '' : 'That confirmation is not the one of this price. '
  if (micros === null || micros > leftMicros) return `${changed}${tooMuch(micros, leftMicros).inWords(inFlags).next}`
  return `${changed}Nothing was sent. Show these figures to your user; then call this tool again with this confirmation.`
}

function tooMuch(micros: number | null, leftMicros: number): LlmBatchError {
  const price = micros === null ? 'an unknown sum' : exactly(micros)
  const message = `a person must accept ${price}; this server may accept ${exactly(leftMicros)} more without one`
  return new LlmBatchError('usage', `${message}; nothing was sent`, {
    next: `A person must accept ${price}, and this client cannot ask one. Tell your user: they can type ${commandLine('run')}, or start the server with a higher ${mention('accept-up-to')}.`,
  })
}

/** To the last digit: what is accepted is what can be spent. */
function exactly(micros: number): string {
  return `$${usdOf(micros)}`
}

/** Belongs to one thing at one price. */
function confirmationOf({ micros, what }: Asking): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([what, micros]))
    .digest('hex')
  return `yes-${digest.slice(0, 16)}`
}
