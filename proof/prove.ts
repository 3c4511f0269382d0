import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { carryOutCase, everyStep } from './cases.ts'
import { createCells } from './create-cells.ts'
import { carryOutAll } from './crew.ts'
import { type RealRuns, stormTheCommand } from './real-command.ts'
import { renderReport } from './report.ts'
import { type CaseReport, Tally } from './tally.ts'
import { DEFECTS, type Defect } from './teeth/defects.ts'

/** A planted defect and the first case that showed it. */
export interface Bite {
  readonly name: string
  readonly caught: Pick<CaseReport, 'name' | 'violations'> | null
}

export interface ProveOptions {
  /** The words after the command. */
  readonly words: readonly string[]
  readonly plantDefects: (defects: readonly Defect[], onFound: (bite: Bite) => void) => Promise<readonly Bite[]>
  readonly reportPath: string
  /** What is proved, in words, such as `commit 1a2b3c4`. */
  readonly source: string
}

/** Everything that was counted. */
export interface Proof {
  readonly source: string
  readonly seeds: Tally
  readonly steps: Tally
  readonly cells: Tally
  /** Seeds carried out twice, and those whose second time was not the first one again, byte for byte. */
  readonly repeated: { readonly seeds: number; readonly differing: readonly string[] }
  readonly bites: readonly Bite[]
  readonly real: RealRuns
  /** Seconds that each part took. */
  readonly seconds: Readonly<Record<string, number>>
}

/** Seeds that are carried out twice, to show that a failure can be replayed. */
const REPEATED_SEEDS = 50

/** Runs the whole proof and writes its report, or replays one case; returns the exit code. */
export async function prove({ plantDefects, reportPath, source, words }: ProveOptions): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seeds: { type: 'string', default: '20000' },
      from: { type: 'string', default: '1' },
      runs: { type: 'string', default: '1000' },
      replay: { type: 'string' },
    },
  })
  if (values.replay !== undefined) return await replay(values.replay)
  const seconds: Record<string, number> = {}
  const timed = async <Value>(name: string, work: Promise<Value>): Promise<Value> => {
    const startedAt = performance.now()
    const value = await work
    seconds[name] = (performance.now() - startedAt) / 1_000
    return value
  }
  const [from, count] = [Number(values.from), Number(values.seeds)]
  const seeds = await timed('seeds', tallyOf('simulated seeds', seedNames(from, count)))
  const steps = await timed('steps', tallyOf('crashes at every step', await everyStep()))
  const cells = await timed(
    'cells',
    tallyOf(
      'create cells',
      createCells().map(({ name }) => name),
    ),
  )
  const repeated = await timed('repeated', repeatSeeds(from))
  const bites = await timed('defects', plantDefects(DEFECTS, tellBite))
  const real = await timed(
    'real',
    stormTheCommand(Number(values.runs), 1, (done) => tellProgress('real runs', done)),
  )
  const proof: Proof = { source, seeds, steps, cells, repeated, bites, real, seconds }
  await writeFile(reportPath, renderReport(proof, new Date()))
  return isProved(proof) ? 0 : 1
}

/** True where everything that must be zero is, every fault was reached, and every defect was found. */
export function isProved({ bites, cells, real, repeated, seeds, steps }: Proof): boolean {
  const hasFailed = [seeds, steps, cells].some(({ failures }) => failures.length > 0)
  const isBlind = bites.some(({ caught }) => caught === null) || seeds.unreached().length > 0
  return !hasFailed && !isBlind && real.failures.length === 0 && repeated.differing.length === 0
}

/** One command that replays a failure. */
export function replayCommand(name: string): string {
  return `npm run prove -- --replay ${JSON.stringify(name)}`
}

async function tallyOf(what: string, names: Iterable<string>): Promise<Tally> {
  const tally = new Tally()
  await carryOutAll(names, (report) => {
    tally.add(report)
    tellProgress(what, tally.cases)
    if (report.violations.length > 0) tellFailure(report)
  })
  tell(`${what}: ${tally.cases}, ${tally.failures.length} failed`)
  return tally
}

function* seedNames(from: number, count: number): Iterable<string> {
  for (let seed = from; seed < from + count; seed += 1) yield `seed ${seed}`
}

async function repeatSeeds(from: number): Promise<Proof['repeated']> {
  const digests = new Map<string, string>()
  const differing: string[] = []
  for (let time = 1; time <= 2; time += 1) {
    await carryOutAll(seedNames(from, REPEATED_SEEDS), ({ digest, name }) => {
      if ((digests.get(name) ?? digest) !== digest) differing.push(name)
      digests.set(name, digest)
    })
  }
  return { seeds: REPEATED_SEEDS, differing }
}

async function replay(name: string): Promise<number> {
  const { plan, trace, violations } = await carryOutCase(name)
  say(JSON.stringify(plan, null, 2))
  for (const line of trace) say(line)
  for (const { detail, metric } of violations) say(`VIOLATION: ${metric}: ${detail}`)
  return violations.length === 0 ? 0 : 1
}

function tellProgress(what: string, done: number): void {
  if (done % 500 === 0) tell(`${what}: ${done}`)
}

function tellFailure({ name, violations }: CaseReport): void {
  tell(`FAILED ${name}: ${violations.map(({ detail, metric }) => `${metric}: ${detail}`).join('; ')}`)
  tell(`  ${replayCommand(name)}`)
}

function tellBite({ caught, name }: Bite): void {
  tell(`defect "${name}": ${caught === null ? 'NOT FOUND' : `found by ${caught.name}`}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
