import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { LlmBatchError } from '../../model/error.ts'
import { checkOutput } from '../../output/check-output.ts'
import { describeUnknown } from '../../output/fields.ts'
import { describeFitness, isUnfit } from '../../plan/model-fitness.ts'
import { type PlannedRun, planWork } from '../../prepare/plan-run.ts'
import { InputProblemsError } from '../../prepare/problem-list.ts'
import { capMicrosOf, usdOf } from '../../prices/micros.ts'
import type { AgentHome } from '../agent-home.ts'
import { figuresOf } from '../figures.ts'
import { configuredCap, least, runPriceOf } from '../price.ts'
import { sameRun } from '../same-run.ts'
import { dataAnswer } from '../tool-answer.ts'
import type { ToolDesk } from '../tool-desk.ts'
import { READING } from '../tool-shapes.ts'
import { optionsOf, placedWork, type Work, workSchema } from '../work.ts'

/** Adds the tool that counts and prices work. */
export function addPlanTool(server: McpServer, desk: ToolDesk): void {
  server.registerTool(
    'plan',
    {
      title: 'Plan a batch run',
      description:
        'Counts rows, tokens and cost of a run, and keeps it under a token for try and start. Sends nothing and costs nothing.',
      inputSchema: workSchema,
      annotations: { ...READING, openWorldHint: true },
    },
    (work) => desk.look((home) => planTool(home, work)),
  )
}

/** Bytes of the first request that are shown. */
const SHOWN_CHARACTERS = 2_000

/** What a run would send and cost, kept under a token; sends nothing. Throws what `run` would refuse. */
async function planTool({ offers, paths, workspace }: AgentHome, asked: Work): Promise<CallToolResult> {
  const work = await placedWork(asked, paths)
  const options = optionsOf(work)
  await checkOutput(options.output, [work.input].flat(), workspace.disk)
  const planned = await planWork(workspace, options)
  assertAcceptable(planned, work, workspace.clock.now())
  const { definition, firstBody, review, summary } = planned
  const price = runPriceOf(summary)
  const wished = work.maxCostUsd === undefined ? null : capMicrosOf(work.maxCostUsd)
  // Without a price no cap can be kept.
  const priceMicros = price === null ? null : least([price, wished, configuredCap(workspace.configuration)])
  const figures = figuresOf(planned)
  const offer = await offers.add({
    work,
    hashes: planned.work,
    figures,
    baseUrl: definition.baseUrl,
    priceMicros,
    isCapped: priceMicros !== price,
  })
  const same = await sameRun(workspace, planned.work, definition)
  const document = {
    token: offer.token,
    priceUsd: priceMicros === null ? null : usdOf(priceMicros),
    figures,
    sameWork: same === undefined ? null : { run: same.id, state: same.state },
    advice: [...review.warnings, ...summary.advice],
    firstRequest: firstBody?.slice(0, SHOWN_CHARACTERS) ?? null,
    next: nextOf(same !== undefined, priceMicros),
  }
  return dataAnswer(document, workspace.random)
}

function nextOf(isHere: boolean, priceMicros: number | null): string {
  if (isHere) return 'A run has the same work: start takes that one up and buys nothing twice.'
  const limit = priceMicros === null ? 'The price is unknown, so a person must accept it. ' : ''
  return `${limit}Nothing was sent. Call try with the token for a few real answers, or start.`
}

/** Throws what `run` would refuse this input or model for. */
function assertAcceptable(planned: PlannedRun, { constantPrompt }: Work, now: number): void {
  const { collisions, definition, models, problems, review, summary, tableFlaw, unknownColumns } = planned
  if (problems.total > 0 && !definition.skipInvalid) throw new InputProblemsError(problems)
  if (collisions.length > 0)
    throw refused(`the input has columns named like those that are added: ${collisions.join(', ')}`)
  if (unknownColumns.length > 0) throw refused(describeUnknown(unknownColumns))
  if (tableFlaw !== null) throw refused(tableFlaw)
  if (review.isConstant && summary.requests > 1 && constantPrompt !== true) {
    throw refused(
      'the prompt has no placeholder, and asks every row the same',
      'Write {{column}} into it, or set constantPrompt.',
    )
  }
  const unfit = models.find(isUnfit)
  if (unfit !== undefined)
    throw refused(describeFitness(unfit, now) ?? 'the model cannot be used', 'Choose another model.')
}

function refused(message: string, next = 'Correct it, and plan again.'): LlmBatchError {
  return new LlmBatchError('usage', `${message}; nothing was sent`, { next })
}
