import { type AnswerRow, readAnswers } from './answer-row.ts'
import { type BatchBooks, isUnfit, parse, readBooks, readDirectBooks, textOf } from './books.ts'
import type { Earlier } from './earlier-run.ts'
import type { Plan } from './plan.ts'
import type { Trace } from './run-until-finished.ts'
import { chatBodyOf } from './world/chat-body.ts'
import { nonceIn } from './world/nonce.ts'
import type { SentCall } from './world/sent-call.ts'
import type { SharedHome } from './world/shared-home.ts'
import type { World } from './world/world.ts'

/** The answer to a synchronous call. */
export interface DirectAnswer {
  readonly nonce: string
  readonly text: string | null
  readonly isUnfit: boolean
  /** Its place among all answers of the world. */
  readonly index: number
  /** When it was given, in epoch milliseconds. */
  readonly atMs: number
}

/** The end of a run as it lies before the judge: what the provider did for it, what it wrote, and what was said. */
export interface Evidence {
  readonly world: World
  readonly plan: Plan
  readonly trace: Trace
  /** Batches made for this run. */
  readonly books: readonly BatchBooks[]
  /** Rows that were executed in synchronous calls, each time. */
  readonly direct: readonly string[]
  readonly directAnswers: readonly DirectAnswer[]
  /** Synchronous calls of this run, in the order in which they were sent. */
  readonly calls: readonly SentCall[]
  readonly answers: readonly AnswerRow[]
  /** The run that answers were carried over from. */
  readonly earlier: Earlier | null
  /** The home as several machines see it; null where one machine has it for itself. */
  readonly shared: SharedHome | null
}

/** Gathers the evidence of a run whose answers are in this file. */
export async function gatherEvidence(
  world: World,
  plan: Plan,
  {
    answersPath,
    earlier,
    shared,
    trace,
  }: Pick<Evidence, 'trace' | 'earlier' | 'shared'> & { readonly answersPath: string },
): Promise<Evidence> {
  const books = await readBooks(world, ownIdsOf(trace))
  const direct = await readDirectBooks(world)
  const isOwn = ({ batch }: BatchBooks): boolean => !batch.inputFileIds.some((id) => earlier?.files.has(id))
  return {
    world,
    plan,
    trace,
    earlier,
    shared,
    books: books.filter(isOwn),
    direct: direct.slice(earlier?.directCalls ?? 0).map(({ nonce }) => nonce),
    directAnswers: world.directAnswers
      .flatMap(directAnswer)
      .filter(({ index }) => index >= (earlier?.directAnswers ?? 0)),
    calls: world.calls.slice(earlier?.calls ?? 0),
    answers: readAnswers(world, answersPath),
  }
}

/** The batches that the client calls its own in its final report. */
function ownIdsOf({ report }: Trace): ReadonlySet<string> {
  return new Set(report?.attempts.flatMap(({ remoteId }) => (remoteId === null ? [] : [remoteId])))
}

function directAnswer({ atMs, body, nonce }: World['directAnswers'][number], index: number): readonly DirectAnswer[] {
  const answer = chatBodyOf(parse(body))
  return answer ? [{ nonce, text: textOf(answer), isUnfit: isUnfit(answer), index, atMs }] : []
}

/** What an earlier run has answered as it should: nothing of it is bought again. */
export function answeredBefore({ answers }: Earlier): readonly string[] {
  return answers.filter(({ llm_status }) => llm_status === 'succeeded').map(({ text }) => nonceIn(text))
}
