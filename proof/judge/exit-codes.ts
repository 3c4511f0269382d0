import { OUTCOME_STATUSES } from '../../src/model/outcome.ts'
import { isFinished, RUN_MOVES } from '../../src/model/run.ts'
import type { Evidence } from '../evidence.ts'
import type { Start } from '../run-until-finished.ts'
import { type Violation, violation } from '../violation.ts'

/** What must be true of what a person is told, and of how long that takes. */
export function judgeManners(evidence: Evidence): readonly Violation[] {
  return [...dishonest(evidence), ...stuck(evidence)]
}

function dishonest({ answers, trace }: Evidence): readonly Violation[] {
  const bad = trace.starts.flatMap((start) => dishonestyOf(start))
  const last = trace.starts.at(-1)
  const failed = answers.filter(({ llm_status }) => llm_status !== 'succeeded').length
  if (last?.exitCode === 0 && failed > 0) bad.push(`exit 0 with ${failed} rows that did not succeed`)
  if (last?.exitCode === 4 && failed === 0) bad.push('exit 4 although every row succeeded')
  bad.push(...lateExits({ answers, trace }))
  if (answers.some(({ llm_status }) => llm_status === 'pending')) bad.push('finished with pending rows')
  bad.push(...miscounts({ answers, trace }))
  return bad.map((detail) => violation('dishonest exit', detail))
}

/** A run that its deadline has cut short exits 75 as long as a retry can send rows of it; no other finished run does. */
function lateExits({ answers, trace }: Pick<Evidence, 'answers' | 'trace'>): readonly string[] {
  const { exitCode, report } = trace.starts.at(-1) ?? {}
  if (!report || !isFinished(report.run.state)) return []
  const cut = answers.filter(({ llm_status }) => llm_status === 'cancelled').length
  const isCutShort = report.run.cancelCause === 'deadline' && cut > 0
  if (isCutShort === (exitCode === 75)) return []
  return [`exit ${exitCode} with ${cut} rows that ${isCutShort ? 'the deadline' : 'no deadline'} has cut short`]
}

/** What the report counts is what stands in the answers file, and what the client counts twice comes to the same. */
function miscounts({ answers, trace: { events, report } }: Pick<Evidence, 'answers' | 'trace'>): readonly string[] {
  const said = events.flatMap((event) =>
    event.type === 'warning' && event.code === 'counts_differ' ? [event.message] : [],
  )
  if (report === null || answers.length === 0) return said
  const wrong = OUTCOME_STATUSES.filter(
    (status) => report.counts[status] !== answers.filter(({ llm_status }) => llm_status === status).length,
  )
  return [...said, ...wrong.map((status) => `${report.counts[status]} rows are said to be ${status}, and others are`)]
}

function dishonestyOf({ exitCode, message, report }: Start): string[] {
  if (exitCode === null) return []
  if (exitCode === 1 || exitCode === 2) return [`exit ${exitCode}: ${message}`]
  const isUnexplained = (exitCode === 3 || exitCode === 75) && (message === null || message === '')
  const isFinal = report !== null && RUN_MOVES[report.run.state].length <= 1 && report.run.finishedAt !== null
  const isUnfinished = isFinal && report.counts.pending + report.counts.batched > 0
  return [
    ...(isUnexplained ? [`exit ${exitCode} without a reason`] : []),
    ...(isUnfinished ? [`${report.run.state} with requests that have no outcome`] : []),
  ]
}

/** Looks at one batch within the shortest poll interval; more is a busy loop. */
const MOST_LOOKS_A_SECOND = 12

function stuck({ trace, world }: Evidence): readonly Violation[] {
  const found = trace.stuck === null ? [] : [violation('stuck', trace.stuck)]
  const looks = world.trace.filter((line) => /GET .*\/(?:batches|jobs)\/[^/]+ came/.test(line)).length
  const batches = Math.max(1, world.provider.simulator.state.batches.values.length)
  const most = (MOST_LOOKS_A_SECOND * world.time.elapsed * batches) / 1_000 + 50
  return looks > most ? [...found, violation('stuck', `${looks} looks in ${world.time.elapsed} ms`)] : found
}
