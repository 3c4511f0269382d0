import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { carryOutParts, type PlantMutants } from './carry-out-parts.ts'
import { carryOutCase } from './cases.ts'
import { gather, isProved } from './gathered.ts'
import { KeptPieces, type Source } from './kept-pieces.ts'
import { GOALS, PARTS, partsIn } from './parts.ts'
import { tell } from './progress.ts'
import { renderReport } from './report.ts'

export interface ProveOptions {
  /** The words after the command. */
  readonly words: readonly string[]
  readonly plantMutants: PlantMutants
  readonly reportPath: string
  /** Where pieces are kept unless the words say otherwise. */
  readonly keepPath: string
  readonly source: Source
}

/**
 * Carries out the parts of the proof that are asked for, as far as they are not kept from an earlier time, and writes the
 * report of all that is kept; or replays one case. Returns the exit code.
 */
export async function prove({ keepPath, plantMutants, reportPath, source, words }: ProveOptions): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      parts: { type: 'string', default: PARTS.join(',') },
      seeds: { type: 'string', default: String(GOALS.seeds) },
      machines: { type: 'string', default: String(GOALS.machines) },
      from: { type: 'string', default: '1' },
      runs: { type: 'string', default: String(GOALS.real) },
      keep: { type: 'string', default: keepPath },
      afresh: { type: 'boolean', default: false },
      replay: { type: 'string' },
    },
  })
  if (values.replay !== undefined) return await replay(values.replay)
  const kept = new KeptPieces(values.keep, source)
  await carryOutParts(partsIn(values.parts), kept, {
    seeds: { from: Number(values.from), count: Number(values.seeds) },
    machines: { from: Number(values.from), count: Number(values.machines) },
    real: { from: 1, count: Number(values.runs) },
    isAfresh: values.afresh,
    plantMutants,
  })
  const proof = gather(kept)
  for (const shortfall of proof.shortfalls) tell(`not whole: ${shortfall}`)
  await writeFile(reportPath, renderReport(proof, new Date()))
  return isProved(proof) ? 0 : 1
}

async function replay(name: string): Promise<number> {
  const { plan, trace, violations } = await carryOutCase(name)
  say(JSON.stringify(plan, null, 2))
  for (const line of trace) say(line)
  for (const { detail, metric } of violations) say(`VIOLATION: ${metric}: ${detail}`)
  return violations.length === 0 ? 0 : 1
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
