import { type AnswerRow, readAnswers } from './answer-row.ts'
import { AFTERMATH_MS, type Earlier, typeEarlier } from './earlier-run.ts'
import { gatherEvidence } from './evidence.ts'
import { judge } from './judge.ts'
import type { Plan } from './plan.ts'
import { MOST_WAKES_OF_MACHINES, runOnMachines } from './run-on-machines.ts'
import { ANSWERS, runUntilFinished, type Start, type Trace } from './run-until-finished.ts'
import type { Violation } from './violation.ts'
import { SharedHome } from './world/shared-home.ts'
import type { DiskTrouble } from './world/simulated-disk.ts'
import type { CallName, Weather } from './world/simulated-network.ts'
import { NO_TROUBLE, World } from './world/world.ts'

/** Result of one simulated run. */
export interface Verdict {
  readonly plan: Plan
  readonly violations: readonly Violation[]
  readonly answers: readonly AnswerRow[]
  /** Faults and crashes that struck, in words; each as often as it struck. */
  readonly reached: readonly string[]
  /** Recorded steps, all processes together. */
  readonly steps: number
  /** Processes that died. */
  readonly crashes: number
  readonly trace: readonly string[]
  /** Moves of attempts from stage to stage that were made, such as `planned -> uploaded`. */
  readonly moves: readonly string[]
}

/** Carries out a plan from the first command to the end of the run, and judges what is left. */
export async function carryOut(plan: Plan): Promise<Verdict> {
  const reached: string[] = []
  const { crashes, faults } = plan
  const trouble = { crashes, faults, weather: weatherOf(plan, reached), diskTrouble: diskTroubleOf(plan, reached) }
  const isCalmFirst = plan.earlier?.isStruck === false
  const world = await World.open({
    ...plan,
    trouble: isCalmFirst ? NO_TROUBLE : trouble,
    ...(plan.machines && { mostWakes: MOST_WAKES_OF_MACHINES }),
  })
  // Rules that are switched off later forget what struck; their list stays the same object until then.
  let { fired } = world.provider.simulator.faults
  const violations: Violation[] = []
  try {
    const earlier = plan.earlier ? await typeEarlier(world, plan, plan.earlier) : null
    if (earlier) violations.push(...(await judgeEarlier(world, earlier)))
    if (isCalmFirst) {
      world.begin(trouble)
      fired = world.provider.simulator.faults.fired
    }
    const shared = plan.machines && (await SharedHome.open(world, plan.seed, plan.machines.halts))
    const trace =
      shared && plan.machines
        ? await runOnMachines(world, shared, plan, plan.machines)
        : await runUntilFinished(world, plan, { since: earlier?.runId ?? null, answersPath: ANSWERS })
    if (trace.stuck === null) await world.wait(AFTERMATH_MS)
    const gathering = gatherEvidence(world, plan, { trace, earlier, shared, answersPath: ANSWERS })
    const evidence = await world.time.runUntil(gathering)
    reached.push(
      ...fired.map(({ call, name }) => `provider: ${call} ${name}`),
      ...world.crashed.map((crash) => `crash: ${crash}`),
      ...[...(shared?.halted ?? []), ...(shared?.consequences ?? [])].map((what) => `machine: ${what}`),
      ...rowsReached(plan, trace),
    )
    return {
      plan,
      violations: [...violations, ...judge(evidence)],
      answers: readAnswers(world, ANSWERS),
      reached,
      steps: world.steps,
      crashes: world.crashed.length,
      moves: [...world.disk.moves],
      trace: [...world.trace, ...[...(earlier?.trace.starts ?? []), ...trace.starts].map(startLine)],
    }
  } finally {
    world.close()
  }
}

async function judgeEarlier(world: World, { answersPath, plan, trace }: Earlier): Promise<readonly Violation[]> {
  const evidence = await world.time.runUntil(
    gatherEvidence(world, plan, { trace, earlier: null, shared: null, answersPath }),
  )
  return judge(evidence).map(({ detail, metric }) => ({ metric, detail: `in the earlier run: ${detail}` }))
}

function startLine({ exitCode, message }: Start): string {
  return `exit ${exitCode ?? 'by crash'}: ${message ?? ''}`
}

/** How rows came to their answers, where not by a request of their own. */
function rowsReached({ isSharing, portions }: Plan, { report, retries }: Trace): readonly string[] {
  if (!report) return []
  return [
    ...(report.attempts.some(({ kind }) => kind === 'carried') ? ['rows: carried over'] : []),
    ...(report.attempts.some(({ kind }) => kind === 'tail') ? ['rows: asked at a deadline'] : []),
    ...(report.attempts.some(({ kind }) => kind === 'priming') ? ['rows: primed'] : []),
    ...(retries.length > 0 ? ['rows: retried'] : []),
    ...(portions !== null ? ['rows: appended'] : []),
    ...(isSharing && report.counts.succeeded > 0 ? ['rows: shared'] : []),
    ...(report.checked && report.checked.reasked.rows > 0 ? ['rows: asked again'] : []),
  ]
}

function weatherOf({ network }: Plan, reached: string[]): Weather {
  const counts = new Map<CallName, number>()
  return (call) => {
    const number = (counts.get(call) ?? 0) + 1
    counts.set(call, number)
    const planned = network.find((one) => one.call === call && one.number === number)
    if (planned) reached.push(`network: ${planned.fault} on ${call}`)
    return planned
  }
}

function diskTroubleOf({ disk }: Plan, reached: string[]): DiskTrouble {
  const counts = { write: 0, sync: 0 }
  return (operation) => {
    counts[operation] += 1
    if (!disk.some((one) => one.operation === operation && one.number === counts[operation])) return undefined
    reached.push(operation === 'write' ? 'disk: full' : 'disk: fsync fails')
    return operation === 'write' ? 'ENOSPC' : 'EIO'
  }
}
