import type { RunEvent, RunHappening } from '../model/event.ts'
import type { Reason, TellReason } from '../model/reason.ts'
import type { AttemptRecord } from '../store/port/attempt.ts'
import type { RunRecord } from '../store/port/run.ts'
import type { RunReport } from '../workspace/report.ts'
import { reasonText } from './reason-words.ts'

/** Puts options and command lines that a text mentions into the words of the command, or of the library. */
export type Words = (text: string) => string

/** Tells reasons in these words. */
export function tellingIn(words: Words): TellReason {
  return (reason) => words(reasonText(reason))
}

/** What happened, as a listener reads it. */
export function toldEvent(happening: RunHappening, words: Words): RunEvent {
  const tell = tellingIn(words)
  switch (happening.type) {
    case 'run':
    case 'batch':
      return { ...happening, reason: toldOrNull(happening.reason, tell) }
    case 'warning': {
      const { message } = happening
      return { ...happening, message: typeof message === 'string' ? words(message) : tell(message) }
    }
    case 'prepared':
    case 'settled':
    case 'written':
    case 'incident':
      return happening
    default:
      return happening satisfies never
  }
}

/** A record with its reason in words. */
type Told<Kept extends { readonly reason: Reason | null }> = Omit<Kept, 'reason'> & {
  /** Why it waits or is held, in words; null where it does not. */
  readonly reason: string | null
}

/** A report with its reasons in words. */
export type ToldReport = Omit<RunReport, 'run' | 'attempts'> & {
  readonly run: Told<RunRecord>
  readonly attempts: readonly Told<AttemptRecord>[]
}

/** The report as a program reads it. */
export function toldReport(report: RunReport, words: Words): ToldReport {
  const tell = tellingIn(words)
  return {
    ...report,
    run: { ...report.run, reason: toldOrNull(report.run.reason, tell) },
    attempts: report.attempts.map((attempt) => ({ ...attempt, reason: toldOrNull(attempt.reason, tell) })),
  }
}

function toldOrNull(reason: Reason | null, tell: TellReason): string | null {
  return reason === null ? null : tell(reason)
}
