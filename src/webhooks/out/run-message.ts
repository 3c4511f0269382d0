import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { TellReason } from '../../model/reason.ts'
import type { RunReport } from '../../workspace/report.ts'

/** A webhook about a run, before it is signed. */
export interface RunMessage {
  /** Follows from the run and what it has come to: a second message about the same has the same one. */
  readonly id: string
  /** JSON, as docs/webhooks.md describes it. */
  readonly body: string
}

/** What a run that is finished or held has come to, with nothing of the machine and the home, and nothing by a model. */
export function runMessage({ costUsd, counts, run }: RunReport, tell: TellReason, now: number): RunMessage {
  const { finishedAt, id, name, output, reason, rowCount: rows, state } = run
  // A path would tell of the user and the machine.
  const file = output.path && basename(output.path)
  const facts = { run: id, name, state, reason: reason && tell(reason), output: file, rows, counts, costUsd }
  const timestamp = new Date(finishedAt ?? now).toISOString()
  return {
    id: idOf([run.createdAt, finishedAt, facts]),
    body: JSON.stringify({ type: `run.${state}`, timestamp, data: facts }),
  }
}

function idOf(facts: readonly unknown[]): string {
  return `msg_${createHash('sha256').update(JSON.stringify(facts)).digest('base64url').slice(0, 27)}`
}
