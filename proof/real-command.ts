import { availableParallelism } from 'node:os'
import { type Storm, stormOf } from '../test/chaos/random-faults.ts'
import { type Aftermath, weather } from '../test/chaos/weather.ts'
import type { Range } from './parts.ts'
import type { Metric } from './violation.ts'

/** Counts of many runs of the built command under random faults and SIGKILLs. */
export interface RealRuns {
  runs: number
  kills: number
  readonly violations: [Metric, number][]
  /** What went wrong, with its seed. */
  readonly failures: string[]
}

/** Lets storms loose on the built command, several at once; each in a process, a home and a server of its own. */
export async function stormTheCommand({ count, from }: Range, onRun: (isFailed: boolean) => void): Promise<RealRuns> {
  const counts: RealRuns = { runs: 0, kills: 0, violations: [], failures: [] }
  let next = from
  const work = async (): Promise<void> => {
    while (next < from + count) {
      const storm = stormOf(next)
      next += 1
      onRun(await oneStorm(storm, counts))
    }
  }
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, work))
  return counts
}

/** Returns whether anything went wrong. */
async function oneStorm(storm: Storm, counts: RealRuns): Promise<boolean> {
  const violations = await weather(storm).then(
    (after) => {
      counts.kills += after.killed
      return judgeRun(storm, after)
    },
    (error: unknown): [Metric, string][] => [['stuck', String(error)]],
  )
  counts.runs += 1
  for (const [metric, detail] of violations) {
    counts.violations.push([metric, 1])
    counts.failures.push(`CHAOS_FROM=${storm.seed} CHAOS_SEEDS=1 npm run chaos: ${metric}: ${detail}`)
  }
  return violations.length > 0
}

/** The same counters as in the simulation, as far as the books and the answers file show them from outside. */
function judgeRun(storm: Storm, { answers, exitCodes, ledger }: Aftermath): [Metric, string][] {
  const found: [Metric, string][] = []
  if (ledger.repeated.length > 0) found.push(['billed twice', JSON.stringify(ledger.repeated)])
  const ids = answers.map(({ id }) => id).join()
  const wanted = Array.from({ length: storm.rows }, (_, row) => `row-${row}`).join()
  if (ids !== wanted) found.push(['lost', `${answers.length} of ${storm.rows} records`])
  const succeeded = answers.filter(({ llm_status }) => llm_status === 'succeeded')
  if (succeeded.length !== ledger.rowsBilled) {
    found.push(['lost', `${ledger.rowsBilled} rows were billed, ${succeeded.length} are in the answers`])
  }
  const wrong = succeeded.filter(({ id, llm_output }) => !llm_output?.endsWith(`nonce:${id}`))
  if (wrong.length > 0) found.push(['wrong join', `${wrong.length} rows`])
  const exitCode = exitCodes.at(-1)
  if (exitCode !== (succeeded.length === storm.rows ? 0 : 4)) found.push(['dishonest exit', `exit ${exitCode}`])
  return found
}
