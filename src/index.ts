export type { AnswerDefinition, AnswerNote, JsonSchema } from './model/answer.ts'
export type { RemoteStatus, TerminalStatus } from './model/attempt.ts'
export type { EndpointChoice, EndpointName } from './model/endpoint.ts'
export type { ErrorCode } from './model/error.ts'
export { LlmBatchError } from './model/error.ts'
export type { RunEvent } from './model/event.ts'
export type { Billed, OutcomeStatus, Usage } from './model/outcome.ts'
export type { Problem, ProblemCode } from './model/problem.ts'
export type { ImageDetail, MessageTemplate, OutputFormat, OutputPlan, RunDefinition, RunState } from './model/run.ts'
export type { CostEstimate, PlanSummary, TargetSummary } from './plan/summary.ts'
export type { BatchReport } from './processors/batch-report.ts'
export type { BatchTask, Conversation } from './processors/batch-task.ts'
export type { CreateJobOptions } from './processors/create-job.ts'
export type { BatchId } from './processors/file-places.ts'
export type { ListJobsOptions } from './processors/list-jobs.ts'
export { MistralAIBatchProcessor } from './processors/mistral-batch-processor.ts'
export { OpenAIBatchProcessor } from './processors/openai-batch-processor.ts'
export { ProcessorError, type StepOutcome } from './processors/processor-error.ts'
export type { ProcessorOptions } from './processors/processor-options.ts'
export type { RunBatchesOptions, RunBatchesSummary } from './processors/run-batches.ts'
export type { ResultFile, SavedFile, SavedOutputs } from './processors/save-output.ts'
export type { WatchOptions } from './processors/watch-job.ts'
export type { RemoteBatch, RemoteFile } from './providers/provider.ts'
export type { ChatMessage } from './request/message-json.ts'
export type { WrittenFiles } from './run/finish.ts'
export {
  type AnswerOf,
  type AnswerSchema,
  type AnyRow,
  type EarlierAnswer,
  type FinishedRun,
  type FinishOptions,
  type OutputOf,
  openRun,
  type PlaceOptions,
  type RowResult,
  type Run,
  type StartRunOptions,
  startRun,
} from './run/library.ts'
export { InputProblemsError, type ProblemList } from './run/problem-list.ts'
export type { BatchPhase, Progress } from './run/progress.ts'
export type { CheckedAnswers, RunReport } from './run/report.ts'
export type { AttemptCost, ModelCost, RunCost } from './run/run-cost.ts'
export { VERSION } from './version.ts'
