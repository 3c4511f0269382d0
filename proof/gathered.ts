import type { KeptPieces, RepeatedSeeds } from './kept-pieces.ts'
import type { CaughtMutant } from './mutants/caught-mutant.ts'
import { GOALS, PARTS, type PartName } from './parts.ts'
import type { RealRuns } from './real-command.ts'
import { Tally } from './tally.ts'

/** Everything that was counted, of all pieces that are kept of the same sources. */
export interface Proof {
  readonly source: string
  readonly seeds: Tally
  readonly machines: Tally
  readonly steps: Tally
  readonly cells: Tally
  readonly repeated: RepeatedSeeds
  readonly mutants: readonly CaughtMutant[]
  readonly real: RealRuns
  readonly progress: Readonly<Record<PartName, PartProgress>>
  /** What is missing from a whole proof, in words. */
  readonly shortfalls: readonly string[]
  /** What the same sources were called when some of the pieces were carried out, where that was otherwise. */
  readonly otherNames: readonly string[]
}

/** Size of a part. */
export interface PartProgress {
  readonly done: number
  /** How many there are; null where nothing of it was carried out that would tell. */
  readonly goal: number | null
  readonly seconds: number
}

/** Puts together what is kept. */
export function gather(kept: KeptPieces): Proof {
  const progress = Object.fromEntries(PARTS.map((part) => [part, progressOf(kept, part)])) as Proof['progress']
  const real = realRunsOf(kept)
  const names = PARTS.flatMap((part) => kept.of(part).map(({ source }) => source))
  return {
    source: kept.source.name,
    seeds: tallyOf(kept, 'seeds'),
    machines: tallyOf(kept, 'machines'),
    steps: tallyOf(kept, 'steps'),
    cells: tallyOf(kept, 'cells'),
    repeated: {
      seeds: progress.repeated.done,
      differing: kept.of('repeated').flatMap(({ value }) => value.differing),
    },
    mutants: kept.of('defects').map(({ value }) => value),
    real,
    progress,
    shortfalls: shortfallsOf(progress, real),
    otherNames: [...new Set(names)].filter((name) => name !== kept.source.name),
  }
}

/** True where everything that must be zero is, every fault was reached by a whole part, and every defect was found. */
export function isProved({ cells, machines, mutants, progress, real, repeated, seeds, steps }: Proof): boolean {
  const hasFailed = [seeds, machines, steps, cells].some(({ failures }) => failures.length > 0)
  const isWhole = progress.seeds.done >= GOALS.seeds
  const isBlind = mutants.some(({ caught }) => caught === null) || (isWhole && seeds.unreached().length > 0)
  return !hasFailed && !isBlind && real.failures.length === 0 && repeated.differing.length === 0
}

function progressOf(kept: KeptPieces, part: PartName): PartProgress {
  const pieces = kept.of(part)
  return {
    done: pieces.reduce((sum, { count }) => sum + count, 0),
    goal: pieces[0]?.goal ?? null,
    seconds: pieces.reduce((sum, { seconds }) => sum + seconds, 0),
  }
}

function tallyOf(kept: KeptPieces, part: 'seeds' | 'machines' | 'steps' | 'cells'): Tally {
  const tally = new Tally()
  for (const { value } of kept.of(part)) tally.addAll(value)
  return tally
}

function realRunsOf(kept: KeptPieces): RealRuns {
  const all = kept.of('real').map(({ value }) => value)
  return {
    runs: all.reduce((sum, { runs }) => sum + runs, 0),
    kills: all.reduce((sum, { kills }) => sum + kills, 0),
    violations: all.flatMap(({ violations }) => violations),
    failures: all.flatMap(({ failures }) => failures),
  }
}

function shortfallsOf(progress: Proof['progress'], { kills, runs }: RealRuns): readonly string[] {
  const short = PARTS.flatMap((part) => {
    const { done, goal } = progress[part]
    if (goal === null) return [`${part}: nothing`]
    return done < goal ? [`${part}: ${done} of ${goal}`] : []
  })
  return runs > 0 && kills < GOALS.kills ? [...short, `SIGKILLs: ${kills} of ${GOALS.kills}`] : short
}
