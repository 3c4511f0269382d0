import { everyStep } from './cases.ts'
import { createCells } from './create-cells.ts'
import type { KeptPieces, PieceValues } from './kept-pieces.ts'
import type { CaughtMutant } from './mutants/caught-mutant.ts'
import type { Mutant } from './mutants/mutant.ts'
import { MUTANTS } from './mutants/mutants.ts'
import { GOALS, type PartName, piecesOf, type Range } from './parts.ts'
import { Progress, tell } from './progress.ts'
import { stormTheCommand } from './real-command.ts'
import { type CaseReport, Tally } from './tally.ts'
import { WorkerPool } from './worker-pool.ts'

export type PlantMutants = (defects: readonly Mutant[], onFound: (mutant: CaughtMutant) => void) => Promise<unknown>

/** Options of carrying out the parts. */
export interface Wanted {
  readonly seeds: Range
  readonly machines: Range
  readonly real: Range
  /** Carries out what is kept already once more, too. */
  readonly isAfresh: boolean
  readonly plantMutants: PlantMutants
}

/** Parts whose cases are simulated, by name. */
type SimulatedPart = 'seeds' | 'machines' | 'steps' | 'cells'

/** Carries out parts of the proof, one after the other, and keeps each piece as soon as it is done. */
export async function carryOutParts(parts: readonly PartName[], kept: KeptPieces, wanted: Wanted): Promise<void> {
  for (const part of parts) await carryOutPart(part, kept, wanted)
}

async function carryOutPart(part: PartName, kept: KeptPieces, wanted: Wanted): Promise<void> {
  switch (part) {
    case 'seeds':
      return await simulate(part, kept, wanted, { ...wanted.seeds, goal: GOALS.seeds, nameOf: seedName })
    case 'machines':
      return await simulate(part, kept, wanted, { ...wanted.machines, goal: GOALS.machines, nameOf: machinesName })
    case 'steps':
      return await simulate(part, kept, wanted, listed(await everyStep()))
    case 'cells':
      return await simulate(part, kept, wanted, listed(createCells().map(({ name }) => name)))
    case 'repeated':
      return await inPieces(part, kept, wanted, { ...wanted.seeds, count: GOALS.repeated }, GOALS.repeated, repeatSeeds)
    case 'defects':
      return await plant(kept, wanted)
    case 'real':
      return await inPieces(part, kept, wanted, wanted.real, GOALS.real, stormTheCommand)
  }
}

interface Cases extends Range {
  readonly goal: number
  readonly nameOf: (number: number) => string
}

function seedName(seed: number): string {
  return `seed ${seed}`
}

function machinesName(seed: number): string {
  return `two machines ${seed}`
}

function listed(names: readonly string[]): Cases {
  return { from: 1, count: names.length, goal: names.length, nameOf: (number) => names[number - 1] ?? '' }
}

async function simulate(
  part: SimulatedPart,
  kept: KeptPieces,
  wanted: Wanted,
  { goal, nameOf, ...range }: Cases,
): Promise<void> {
  const pool = new WorkerPool()
  try {
    await inPieces(part, kept, wanted, range, goal, async (piece, onCase) => {
      const tally = new Tally()
      await pool.carryOut(namesIn(piece, nameOf), (report) => {
        tally.add(report)
        onCase(report.violations.length > 0)
        if (report.violations.length > 0) tellFailure(report)
      })
      return tally.record()
    })
  } finally {
    pool.close()
  }
}

function* namesIn({ count, from }: Range, nameOf: Cases['nameOf']): Iterable<string> {
  for (let number = from; number < from + count; number += 1) yield nameOf(number)
}

/** Carries out the pieces of a part that are not kept, and keeps them. */
async function inPieces<Part extends Exclude<PartName, 'defects'>>(
  part: Part,
  kept: KeptPieces,
  { isAfresh }: Wanted,
  range: Range,
  goal: number,
  carryOut: (piece: Range, onCase: (isFailed: boolean) => void) => Promise<PieceValues[Part]>,
): Promise<void> {
  const pieces = piecesOf(part, range).filter((piece) => isAfresh || !kept.has(part, piece))
  const count = pieces.reduce((sum, piece) => sum + piece.count, 0)
  if (count < range.count) tell(`${part}: ${range.count - count} of ${range.count} are kept from an earlier time`)
  if (count === 0) return
  const progress = new Progress(part, count)
  for (const piece of pieces) {
    const startedAt = performance.now()
    const value = await carryOut(piece, (isFailed) => progress.add(isFailed))
    kept.keep<PartName>({ part, ...piece, goal, seconds: (performance.now() - startedAt) / 1_000, value })
  }
  progress.end()
}

async function repeatSeeds(range: Range, onCase: (isFailed: boolean) => void): Promise<PieceValues['repeated']> {
  const digests = new Map<string, string>()
  const differing: string[] = []
  // Each time in other processes: nothing that one of them remembers may make the difference.
  for (let time = 1; time <= 2; time += 1) {
    const pool = new WorkerPool()
    await pool
      .carryOut(namesIn(range, seedName), ({ digest, name }) => {
        const isOther = (digests.get(name) ?? digest) !== digest
        if (isOther) differing.push(name)
        if (time === 2) onCase(isOther)
        digests.set(name, digest)
      })
      .finally(() => pool.close())
  }
  return { seeds: range.count, differing }
}

async function plant(kept: KeptPieces, { isAfresh, plantMutants }: Wanted): Promise<void> {
  const numbers = new Map(MUTANTS.map(({ name }, place) => [name, place + 1]))
  const before = kept.casesBefore()
  const left = MUTANTS.filter((_, place) => isAfresh || !kept.has('defects', { from: place + 1, count: 1 })).map(
    (mutant) => ({ ...mutant, shownBy: before.get(mutant.name) ?? mutant.shownBy }),
  )
  if (left.length === 0) return
  const progress = new Progress('defects', left.length)
  let keptAt = performance.now()
  await plantMutants(left, (mutant) => {
    const seconds = (performance.now() - keptAt) / 1_000
    keptAt = performance.now()
    const from = numbers.get(mutant.name) ?? 0
    kept.keep<'defects'>({ part: 'defects', from, count: 1, goal: MUTANTS.length, seconds, value: mutant })
    progress.add(mutant.caught === null)
    tell(`defect "${mutant.name}": ${mutant.caught === null ? 'NOT FOUND' : `found by ${mutant.caught.name}`}`)
  })
  progress.end()
}

function tellFailure({ name, violations }: CaseReport): void {
  tell(`FAILED ${name}: ${violations.map(({ detail, metric }) => `${metric}: ${detail}`).join('; ')}`)
  tell(`  npm run prove -- --replay ${JSON.stringify(name)}`)
}
