/** Environment variables of our own; those for keys and addresses belong to the providers. */
export const VARIABLES = {
  /** The folder for state and results. */
  home: 'LLM_BATCH_HOME',
  /** `1` allows plain http to another machine. */
  allowHttp: 'LLM_BATCH_ALLOW_HTTP',
} as const
