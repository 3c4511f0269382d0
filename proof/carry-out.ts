import { type AnswerRow, judge, readAnswers, type Violation } from './judge.ts'
import type { Plan } from './plan.ts'
import { typeUntilOver } from './type-until-over.ts'
import type { DiskTrouble } from './world/simulated-disk.ts'
import type { CallName, Weather } from './world/simulated-network.ts'
import { World } from './world/world.ts'

/** What came of one simulated run. */
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
}

/** How long the provider's late calls and batches may still work after the client is done. */
const AFTERMATH_MS = 120_000

/** Carries out a plan from the first command to the end of the run, and judges what is left. */
export async function carryOut(plan: Plan): Promise<Verdict> {
  const reached: string[] = []
  const world = await World.open({
    ...plan,
    weather: weatherOf(plan, reached),
    diskTrouble: diskTroubleOf(plan, reached),
  })
  // Rules that are switched off later forget what struck; their list stays the same object until then.
  const fired = world.provider.simulator.faults.fired
  try {
    const story = await typeUntilOver(world, plan)
    if (story.stuck === null) await world.wait(AFTERMATH_MS)
    reached.push(
      ...fired.map(({ call, name }) => `provider: ${call} ${name}`),
      ...world.crashed.map((crash) => `crash: ${crash}`),
    )
    return {
      plan,
      violations: await world.time.runUntil(judge(world, plan, story)),
      answers: readAnswers(world),
      reached,
      steps: world.steps,
      crashes: world.crashed.length,
      trace: [
        ...world.trace,
        ...story.starts.map(({ exitCode, message }) => `exit ${exitCode ?? 'by crash'}: ${message ?? ''}`),
      ],
    }
  } finally {
    world.close()
  }
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
