import { SETTING_OPTIONS } from '../model/options/setting-options.ts'

/** Environment variables of our own; those for keys and addresses belong to the providers. */
export const VARIABLES = {
  home: SETTING_OPTIONS.home.environment,
  /** Where the files of a home in a database lie. */
  files: 'LLM_BATCH_FILES',
  /** `1` allows plain http to another machine. */
  allowHttp: 'LLM_BATCH_ALLOW_HTTP',
  /** What clients of a gateway show as their key. */
  gatewayToken: 'LLM_BATCH_GATEWAY_TOKEN',
  /** What webhooks about runs are signed by. */
  webhookSecret: 'LLM_BATCH_WEBHOOK_SECRET',
} as const
