import { availableParallelism, totalmem } from 'node:os'
import type { PartProgress, Proof } from './gathered.ts'
import { GOALS } from './parts.ts'
import type { Tally } from './tally.ts'
import { METRICS, type Metric } from './violation.ts'

/** What each metric counts, in a sentence. */
const MEANINGS: Readonly<Record<Metric, string>> = {
  'over the cap': 'a run cost more than the cap that was in force, with every answer limited',
  'sent when cancelled':
    'a create or synchronous call that was sent after the client had time to notice that the run was cancelled',
  'billed twice': 'rows that the provider executed and billed more than once',
  'double create': 'two batches with the same row alive or paid at the same time',
  'double call':
    'a synchronous call for a row whose batch was alive, or while any batch was in a tail; a row asked again after a call in doubt',
  'silent provider duplicate': 'a batch that a gateway made twice and the client did not report',
  'orphan spend': 'a billed batch that the final report does not name',
  'others touched': 'a batch of another user of the account that was cancelled or deleted',
  'primed in vain': 'a batch that was made while the one that primes its cache was at work',
  lost: 'an answer the provider offered that is not in the output, or a row without exactly one record',
  'wrong join': 'an answer on another row than its own, or with other text',
  altered: 'a raw result file that is not, byte for byte, what the provider sent',
  'written when fenced': 'a change of a run by a process from which another one had taken it over',
  'lock taken from a living process': 'a lock that was taken away within a minute of the last sign of life',
  'dishonest exit': 'exit 0 with something unfinished, exit 1, or a stop without a reason',
  stuck: 'no end within 14 virtual days, or a busy loop',
  leak: 'a key, or a secret prompt outside prompts and answers',
}

/** The report of a proof, as `docs/proof.md` holds it. */
export function renderReport(proof: Proof, now: Date): string {
  return `${[
    '# The proof',
    '',
    INTRODUCTION,
    '',
    `Written by \`npm run prove\` on ${now.toISOString().slice(0, 10)} from ${proof.source}, Node ${process.versions.node}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GB.`,
    '',
    ...originOfPieces(proof),
    '## What was run',
    '',
    ...wholeness(proof),
    '',
    ...whatWasRun(proof),
    '',
    '## What must be zero',
    '',
    ...counters(proof),
    '',
    '## Planted defects',
    '',
    `Each is one rule broken in a copy of the sources; found ${proof.mutants.filter(({ caught }) => caught).length} of ${proof.mutants.length} that were planted.`,
    '',
    ...mutantTable(proof),
    '',
    '## Faults reached',
    '',
    ...faultsReached(proof),
    '',
    LIMITS,
  ].join('\n')}\n`
}

const INTRODUCTION = `llm-batch says that it never loses a result and never pays twice. This page is the evidence: what was tried, what was
counted, and how to do it again. All of it runs against the local batch server, whose books say what a provider would have
billed; it was not run against a real provider.

Five harnesses, in \`proof/\` and \`test/chaos/\`:

- **Simulation.** Client, server, network, disk and clock in one process, in virtual time. Each seed draws one to six faults
  and up to two crashes, and the provider; three of ten are at Anthropic or Gemini. In some, rows share a request, invalid answers are asked again, or an earlier run over other rows in
  another order has answered most of them, with trouble of its own or without; some append their rows to an open run; some have a
  deadline that finds batches late, after which the rest is asked directly, and some prime Anthropic's cache. A crash is the death of the process or the loss of power: then what was not forced to disk is lost,
  torn, filled with zeros or reordered, names as well as contents, and the database is what was committed.
- **Two machines.** The same world with a home in a database that two machines share, each with a worker, a clock that is up to
  five minutes wrong and drifts, and a folder of its own. Every effect takes a moment, drawn by the seed, in which the other machine may
  be first. Processes are halted in front of any step, alone or with their whole machine, for up to five minutes: after one
  minute without a sign of life the other worker takes the run over, and the first one wakes up to find itself fenced.
- **Every step.** The steps of a run are numbered (each request about to be sent, received, answered; each write, fsync,
  rename, commit), and the run dies at 1, 2, 3, … to the last, both ways. It is taken up again, and must end as the
  undisturbed run did. Where answers are carried over, the steps are those of the later run.
- **Create cells.** The one call that must not be repeated is enumerated: what it brings about × how it is answered × when the
  batch is listed × whether it can be looked at. At Anthropic, whose batches carry no mark, what it brings about × how it is
  answered, alone and beside a like batch of another user. Left out are only contradictions: a true answer without a batch, a
  refusal in the API's own words (or a 429 for a call still on its way) with one.
- **The real command** over HTTP, with random faults at the server and SIGKILL at random moments.

A judge reads the provider's books and the final files, never the client's state. A failure prints its name, and one command
replays it step for step: \`npm run prove -- --replay "seed 17"\`. Short versions run in \`npm test\`.`

const LIMITS = `## What it rests on

The simulated provider keeps what the promise assumes: a batch is listed, and can be looked at, at the latest one settle wait
after its creation; a deleted input file cannot start a batch; a refusal in the API's own words made nothing. Where the client
asks a person (an unknown create whose file could not be deleted or whose batch carries no mark, a completed batch without files),
the simulated person waits until nothing can be on its way any more and then decides truthfully.

At Anthropic a create without an answer may be held, with its reason, and nothing weaker: no row is bought twice, the batch is
adopted where its answers prove it, that of another user is left alone, and two creates of as many requests are never without an
answer at once. Only there a batch that a gateway has doubled goes unnoticed. At Gemini the name of a batch is never dropped,
because it is the only mark.

Where lines of defence stand one behind the other, a defect is planted in all of them at once, since each holds alone. The lock
of a run and the fencing number behind it are such a pair: without the lock the older of two processes is stopped by the number at
its next write; seeds and steps in which only the lock was missing showed nothing. A tail is kept from beginning by an attempt on
its way, and by what is still set aside for a batch. The guard against placing a request twice is never reached while the first
line is in place, so no defect of it alone was planted.`

/** Pieces may be older than the name that the sources have now; the sources themselves are the same. */
function originOfPieces({ otherNames }: Proof): readonly string[] {
  if (otherNames.length === 0) return []
  const names = otherNames.join(', ')
  return [`Parts of it were carried out at ${names}, where the sources are the same, byte for byte.`, '']
}

function wholeness({ shortfalls }: Proof): readonly string[] {
  if (shortfalls.length === 0) return ['The whole proof was carried out.']
  return ['**This is not the whole proof.** Missing:', '', ...shortfalls.map((shortfall) => `- ${shortfall}`)]
}

function whatWasRun({ machines, progress, real, repeated, seeds, steps }: Proof): readonly string[] {
  const rows: [string, PartProgress, string][] = [
    ['simulated seeds', progress.seeds, `${seeds.crashes} crashes, ${seeds.steps} steps`],
    ['seeds on two machines', progress.machines, `${machines.crashes} crashes, ${machines.steps} steps`],
    ['crashes at every step', progress.steps, `${steps.crashes} crashes`],
    ['create cells', progress.cells, ''],
    ['seeds carried out twice', progress.repeated, `${repeated.differing.length} differed`],
    ['planted defects', progress.defects, ''],
    ['runs of the real command', progress.real, `${real.kills} SIGKILLs, of ${GOALS.kills} at least`],
  ]
  return [
    '| what | how many | of | with | seconds |',
    '| --- | ---: | ---: | --- | ---: |',
    ...rows.map(([what, { done, goal, seconds }, how]) =>
      done === 0
        ? `| ${what} | **none** | ${goal ?? ''} | | |`
        : `| ${what} | ${done} | ${goal} | ${how} | ${Math.round(seconds)} |`,
    ),
  ]
}

function counters({ cells, machines, progress, real, seeds, steps }: Proof): readonly string[] {
  const inReal = (metric: Metric): number => real.violations.filter(([one]) => one === metric).length
  const columns: [number, (metric: Metric) => number][] = [
    [progress.seeds.done, (metric) => seeds.violations.get(metric) ?? 0],
    [progress.machines.done, (metric) => machines.violations.get(metric) ?? 0],
    [progress.steps.done, (metric) => steps.violations.get(metric) ?? 0],
    [progress.cells.done, (metric) => cells.violations.get(metric) ?? 0],
    [progress.real.done, inReal],
  ]
  return [
    '| counter | what it counts | simulation | two machines | every step | create cells | real command |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...METRICS.map((metric) => {
      const counts = columns.map(([done, count]) => (done === 0 ? 'not run' : String(count(metric))))
      return `| ${metric} | ${MEANINGS[metric]} | ${counts.join(' | ')} |`
    }),
    '',
    'The real command is judged by its books, answers and exit codes: twice, lost, wrong join, dishonest exit, stuck.',
    ...failures([seeds, machines, steps, cells], real.failures),
  ]
}

function failures(tallies: readonly Tally[], real: readonly string[]): readonly string[] {
  const names = [...tallies.flatMap((tally) => tally.failures.map(({ name }) => name)), ...real]
  return names.length === 0 ? [] : ['', '**Failed:**', '', ...names.slice(0, 50).map((name) => `- ${name}`)]
}

function mutantTable({ mutants }: Proof): readonly string[] {
  return [
    '| rule broken | found by | as |',
    '| --- | --- | --- |',
    ...mutants.map(
      ({ caught, name }) => `| ${name} | ${caught?.name ?? '**not found**'} | ${caught?.violations[0]?.metric ?? ''} |`,
    ),
  ]
}

function faultsReached({ cells, machines, seeds, steps }: Proof): readonly string[] {
  const sum = new Map<string, number>()
  for (const { reached } of [seeds, machines, steps, cells]) {
    for (const [name, count] of reached) sum.set(name, (sum.get(name) ?? 0) + count)
  }
  if (seeds.cases === 0) return ['No seed was carried out.']
  const unreached = seeds.unreached()
  return [
    unreached.length === 0
      ? 'Every fault that can be drawn was reached.'
      : `**Never reached, and so proved nothing of:** ${unreached.join(', ')}.`,
    '',
    '| fault or crash | times |',
    '| --- | ---: |',
    ...[...sum].sort(([one], [other]) => one.localeCompare(other)).map(([name, count]) => `| ${name} | ${count} |`),
  ]
}
