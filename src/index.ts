export { LlmBatchError } from './model/error.ts'
export type { ErrorCode } from './model/error.ts'
export type { RunEvent } from './model/event.ts'
export type { Billed, OutcomeStatus, Usage } from './model/outcome.ts'
export type { Problem, ProblemCode } from './model/problem.ts'
export type { OutputFormat, OutputPlan, RunDefinition, RunState } from './model/run.ts'
export type { ChatMessage } from './request/chat-messages.ts'
export type { WrittenFiles } from './run/finish.ts'
export {
  type AnyRow,
  type FinishedRun,
  openRun,
  type PlaceOptions,
  type RowResult,
  type Run,
  type StartRunOptions,
  startRun,
} from './run/library.ts'
export { InputProblemsError, type ProblemList } from './run/problem-list.ts'
export type { BatchPhase, Progress } from './run/progress.ts'
export type { RunReport } from './run/report.ts'
export { VERSION } from './version.ts'
