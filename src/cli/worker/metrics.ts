import type { WorkerCounts } from '../../library/worker.ts'
import { RUN_STATES } from '../../model/run.ts'
import { usdOf } from '../../prices/micros.ts'
import type { Store } from '../../store/store.ts'

/** A number that is measured, with labels that tell its parts apart. */
interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What a worker knows of itself and of its home, in the text format of Prometheus. */
export async function metricsText(store: Store, counts: WorkerCounts): Promise<string> {
  const runs = await store.listRuns()
  const waiting = await store.waitingRuns()
  const rows = await Promise.all(waiting.map(({ id }) => store.read(id).counts()))
  const [month, ...earlier] = await store.spendingByMonth()
  const thisMonth = month === undefined ? [] : [month, ...earlier].filter((sum) => sum.month === month.month)
  const byModel = (value: (sum: (typeof thisMonth)[number]) => number): readonly Sample[] =>
    thisMonth.map((sum) => ({
      labels: { month: sum.month, provider: sum.provider, model: sum.model },
      value: value(sum),
    }))
  return [
    gauge(
      'llm_batch_runs',
      'Runs of the home by state.',
      RUN_STATES.map((state) => ({ labels: { state }, value: runs.filter((run) => run.state === state).length })),
    ),
    gauge('llm_batch_rows', 'Rows of runs that are not finished, by where they stand.', sumsByKey(rows)),
    gauge(
      'llm_batch_spent_dollars',
      'Cost of answers in the newest month of spending.',
      byModel(({ settled }) => usdOf(settled)),
    ),
    gauge(
      'llm_batch_reserved_dollars',
      'Set aside for calls without a bill.',
      byModel(({ reserved }) => usdOf(reserved)),
    ),
    counter('llm_batch_worker_rounds_total', 'Rounds of runs that this worker has carried out.', counts.rounds),
    counter('llm_batch_worker_troubles_total', 'Rounds that an error ended.', counts.troubles),
    gauge('llm_batch_worker_runs_in_hand', 'Runs that this worker works on now.', plain(counts.inHand)),
    gauge(
      'llm_batch_worker_look_timestamp_seconds',
      'When this worker last read what is to be done.',
      plain((counts.lookedAt ?? 0) / 1000),
    ),
  ].join('')
}

function sumsByKey(all: readonly object[]): readonly Sample[] {
  const sums = new Map<string, number>()
  for (const counts of all) {
    for (const [state, value] of Object.entries(counts)) sums.set(state, (sums.get(state) ?? 0) + Number(value))
  }
  return [...sums].map(([state, value]) => ({ labels: { state }, value }))
}

function plain(value: number): readonly Sample[] {
  return [{ labels: {}, value }]
}

function counter(name: string, help: string, value: number): string {
  return metric(name, help, 'counter', plain(value))
}

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  return metric(name, help, 'gauge', samples)
}

function metric(name: string, help: string, type: 'counter' | 'gauge', samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value }) => {
    const parts = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${name}${parts.length === 0 ? '' : `{${parts.join(',')}}`} ${value}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

/** A label as the text format has it. */
function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))
}
