import type { CallToolResult, InputRequiredResult, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { plainLine } from '../../lib/plain-text.ts'
import { tellingIn } from '../../library/told.ts'
import { LlmBatchError } from '../../model/error.ts'
import type { RunHappening } from '../../model/event.ts'
import { commandLine, inFlags } from '../../model/options/mention.ts'
import { isFinished } from '../../model/run.ts'
import { definitionOf } from '../../prepare/definition.ts'
import { takeNewRun, takeRun } from '../../prepare/start.ts'
import { dollars } from '../../prices/dollars.ts'
import { usdOf } from '../../prices/micros.ts'
import type { RunRecord } from '../../store/port/run.ts'
import { type AskingCall, askFor } from '../acceptance.ts'
import type { AgentHome } from '../agent-home.ts'
import { driveOn } from '../drive-on.ts'
import type { Offer } from '../offers.ts'
import { runPriceOf } from '../price.ts'
import { runDocument } from '../run-document.ts'
import { sameRun } from '../same-run.ts'
import { dataAnswer } from '../tool-answer.ts'
import type { ToolDesk } from '../tool-desk.ts'
import { CONFIRMATION, SPENDING, TOKEN } from '../tool-shapes.ts'
import { optionsOf } from '../work.ts'

/** Adds the tool that starts a planned run. */
export function addStartTool(server: McpServer, desk: ToolDesk): void {
  server.registerTool(
    'start',
    {
      title: 'Start a planned run',
      description:
        'Starts the run of a plan, once its price is accepted. The same token again is the same run; nothing is bought twice. The run goes on when this server ends.',
      inputSchema: z.strictObject({ token: TOKEN, confirmation: CONFIRMATION }),
      annotations: { ...SPENDING, idempotentHint: true },
    },
    ({ confirmation, token }, context) =>
      desk.act((home) => startTool(home, token, desk.callOf(context, confirmation))),
  )
}

/** Characters of a name in a question. */
const MOST_NAMED = 300

/**
 * Makes a run of an offer whose price is accepted, and has a process of its own drive it. The same token always means the
 * same run, whatever became of the server between.
 */
async function startTool(
  home: AgentHome,
  token: string,
  call: AskingCall,
): Promise<CallToolResult | InputRequiredResult> {
  const { offers, workspace } = home
  const offer = await offers.read(token)
  if (offer.run !== null) return await goOn(home, await keptRun(home, offer.run), [])
  assertSamePlace(home, offer)
  const same = await sameRun(workspace, offer.hashes, offer)
  // A run of which something was sent was accepted when it was started.
  const isBought = same !== undefined && (await workspace.store.read(same.id).origin()).hasSent
  if (!isBought && !offer.isAccepted) {
    const asked = await askFor(home, askingOf(offer), call)
    if (asked !== undefined) return asked
    await offers.note(token, { isAccepted: true })
  }
  if (same !== undefined) {
    if (!isBought) await capKept(home, same.id, offer)
    await offers.note(token, { run: same.id })
    return await goOn(home, same, [])
  }
  const warnings: string[] = []
  const run = await makeRun(home, offer, (warning) => void warnings.push(warning)).catch(async (error: unknown) => {
    // Another server has made it in the meantime, and a process drives it already.
    const made = await sameRun(workspace, offer.hashes, offer)
    if (made !== undefined && isBusy(error)) return made
    throw error
  })
  await offers.note(token, { run: run.id })
  return await goOn(home, run, warnings)
}

function askingOf({ baseUrl, figures, priceMicros, token, work: { input, model, output, prompt } }: Offer) {
  // The words are the agent's, and a person reads them.
  const files = plainLine([input].flat().join(', '), MOST_NAMED)
  const models = model === undefined ? '' : ` with ${plainLine(model, MOST_NAMED)}`
  return {
    what: `start ${token}`,
    question: `Send ${figures.requests} requests from ${files}${models} as batches to ${baseUrl}?`,
    micros: priceMicros,
    figures: { ...figures, input, prompt, output },
  }
}

/** Requests that go elsewhere than planned are other work, whatever they hold. */
function assertSamePlace({ workspace }: AgentHome, { baseUrl, work }: Offer): void {
  if (definitionOf(workspace, optionsOf(work)).baseUrl === baseUrl) return
  throw new LlmBatchError(
    'usage',
    `the plan is for the API at ${baseUrl}, which is not the one of now; nothing was sent`,
    {
      next: 'Plan it again, and accept the new price.',
    },
  )
}

/** The run that an offer has become. What was removed is not bought once more. */
async function keptRun({ workspace }: AgentHome, id: string): Promise<RunRecord> {
  const run = await workspace.store.findRun(id)
  if (run !== undefined) return run
  throw new LlmBatchError('not_found', `the plan has become run ${id}, which was removed; nothing was sent`, {
    next: `To buy the same work once more, your user types ${commandLine('run')}.`,
  })
}

/** Caps a run that is here; one that a process drives already keeps the terms under which it does. */
async function capKept({ workspace }: AgentHome, id: string, { priceMicros }: Offer): Promise<void> {
  try {
    const { lock } = await takeRun(workspace, id, priceMicros === null ? undefined : usdOf(priceMicros))
    lock.release()
  } catch (error) {
    if (!isBusy(error)) throw error
  }
}

function isBusy(error: unknown): boolean {
  return LlmBatchError.isInstance(error) && error.code === 'busy'
}

/** Freezes the work of an offer as a run with its price as the cap. Throws `usage` where work or price are other ones. */
async function makeRun(home: AgentHome, offer: Offer, onWarning: (warning: string) => void): Promise<RunRecord> {
  const { priceMicros } = offer
  const taken = await takeNewRun(
    home.workspace,
    {
      ...optionsOf(offer.work),
      plannedAs: offer.hashes,
      maxCostUsd: priceMicros === null ? offer.work.maxCostUsd : usdOf(priceMicros),
      agree: async (_, { estimate }) => assertPrice(offer, runPriceOf(estimate)),
    },
    (happening) => {
      if (happening.type === 'warning') onWarning(warningText(happening))
    },
  )
  try {
    return await taken.store.record()
  } finally {
    taken.lock.release()
  }
}

function assertPrice({ isCapped, priceMicros }: Offer, now: number | null): void {
  // What was planned with a lower cap than its price is held by the cap, whatever the estimate says.
  if (isCapped || priceMicros === null || (now !== null && now <= priceMicros)) return
  const price = now === null ? 'an unknown sum' : dollars(usdOf(now))
  throw new LlmBatchError('usage', `it may cost ${price} by now, more than was accepted; nothing was sent`, {
    next: 'Plan it again, and accept the new price.',
  })
}

function warningText({ message }: Extract<RunHappening, { readonly type: 'warning' }>): string {
  return typeof message === 'string' ? inFlags(message) : tellingIn(inFlags)(message)
}

async function goOn(home: AgentHome, { id, state }: RunRecord, warnings: readonly string[]): Promise<CallToolResult> {
  // What is held waits for a person; only resume takes it up.
  if (!isFinished(state) && state !== 'held') await driveOn(home, id)
  const status = isFinished(state) ? 'finished' : state === 'held' ? 'held' : 'started'
  return dataAnswer({ status, warnings, ...(await runDocument(home, id)) }, home.workspace.random)
}
