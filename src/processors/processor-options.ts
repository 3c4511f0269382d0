import type { FileConfiguration } from '../config/file-schema.ts'

/** Options of both processors; all but `modelName` may be left out. */
export interface ProcessorOptions {
  /** The provider's own model name, such as `gpt-6.1-terra` or `mistral-small-latest`. */
  readonly modelName: string
  /**
   * The most tokens an answer may have; sent only when given, in the field that the provider has for it
   * (`max_completion_tokens` at OpenAI, `max_tokens` at Mistral).
   */
  readonly maxCompletionTokens?: number | undefined
  /** Sent only when given. */
  readonly temperature?: number | undefined
  /** The provider's `response_format`; sent only when given. */
  readonly responseFormat?: unknown
  /** Further fields of every request's body, in the provider's words; these win over the ones above. */
  readonly body?: Readonly<Record<string, unknown>> | undefined
  /** What the names of all files begin with. @default 'openai' or 'mistral' */
  readonly filenamePrefix?: string | undefined
  /** Where the task file lies. @default 'openai_batch_tasks' or 'mistral_batch_tasks' */
  readonly taskDir?: string | undefined
  /** Where batch files lie, and the record of creates. @default 'openai_batch_jobs' or 'mistral_batch_jobs' */
  readonly batchDir?: string | undefined
  /** Where results are saved. @default 'openai_batch_outputs' or 'mistral_batch_outputs' */
  readonly outputDir?: string | undefined
  /** Makes a failed upload or create throw its `ProcessorError` where it would return null. @default false */
  readonly throwOnError?: boolean | undefined
  /** Where each step tells what it does, one line at a time; `() => {}` for silence. @default the process's stderr */
  readonly log?: ((line: string) => void) | undefined
  /** Variables to use in place of the process's own: keys, base URLs, proxies. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /**
   * Waits as durations such as `30s`, with the names and defaults of the configuration file. Used here are `http`
   * (silence after which a call is given up) and `retryBackoff` (first wait after a failed call).
   */
  readonly waits?: FileConfiguration['waits']
}
