import { type AnswerRow, readAnswers } from './answer-row.ts'
import { readDirectBooks } from './books.ts'
import type { EarlierRun, Plan } from './plan.ts'
import { runUntilFinished, type Trace } from './run-until-finished.ts'
import { WORK, type World } from './world/world.ts'

/** Files that a run left behind and another one begins with. */
export interface Earlier {
  readonly plan: Plan
  readonly trace: Trace
  /** Null where it never came to be. */
  readonly runId: string | null
  readonly answersPath: string
  readonly answers: readonly AnswerRow[]
  /** Ids of its input files, uploaded or sent in a create: whatever the provider makes from others is the later run's. */
  readonly files: ReadonlySet<string>
  /** Synchronous calls that were booked, and answered, when it was over. */
  readonly directCalls: number
  readonly directAnswers: number
  /** Synchronous calls that were sent. */
  readonly calls: number
}

const EARLIER_ANSWERS = `${WORK}/earlier.jsonl`

/** How long the provider's late calls and batches may still work after the client is done. */
export const AFTERMATH_MS = 120_000

/** Types the run that answers are carried over from, until it is over and nothing of it is on its way any more. */
export async function typeEarlier(world: World, later: Plan, { isStruck, prompts }: EarlierRun): Promise<Earlier> {
  const calm = { cancelAfterMs: null, rivalAfterMs: null, strayKeyAtStart: null }
  const plan = {
    ...later,
    name: `before ${later.name}`,
    prompts,
    earlier: null,
    retries: [],
    deadlineMs: null,
    ...(isStruck ? {} : calm),
  }
  const trace = await runUntilFinished(world, plan, { since: null, answersPath: EARLIER_ANSWERS })
  if (trace.stuck === null) await world.wait(AFTERMATH_MS)
  const direct = await world.time.runUntil(readDirectBooks(world))
  return {
    plan,
    trace,
    runId: trace.report?.run.id ?? null,
    answersPath: EARLIER_ANSWERS,
    answers: readAnswers(world, EARLIER_ANSWERS),
    files: new Set([...world.uploads.keys(), ...inlineInputs(world)]),
    directCalls: direct.length,
    directAnswers: world.directAnswers.length,
    calls: world.calls.length,
  }
}

function inlineInputs({ provider }: World): readonly string[] {
  const batches = [...provider.simulator.state.batches.values()]
  return batches.flatMap(({ inputFileIds, isInline }) => (isInline ? inputFileIds : []))
}
