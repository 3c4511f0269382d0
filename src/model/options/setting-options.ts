import { MAKING, OPENING, type OptionDeclaration, PLANNING, type ValuesOf } from './declaration.ts'

/** Commands that talk to a provider about batches. */
const CALLING = ['run', 'plan', 'resume', 'retry', 'cancel', 'tick'] as const
/** Commands that open a home. */
const PLACED = [
  ...MAKING,
  'resume',
  'retry',
  'cancel',
  'tick',
  'results',
  'status',
  'compare',
  'runs',
  'remote',
  'serve',
  'doctor',
] as const

/** Options that override the configuration for one command or call. */
export const SETTING_OPTIONS = {
  maxCost: {
    kind: 'dollars',
    value: '<usd>',
    heading: 'money',
    help: 'maximum cost of the run in US dollars, such as 5; the run is held before it could cost more',
    usual: 'no maximum',
    commands: [...PLANNING, 'resume', 'retry'],
    commonIn: [...PLANNING, 'resume', 'retry'],
    library: { calls: OPENING, property: 'budget.maxCostUsd', check: 'number' },
  },
  imageMaxMb: {
    kind: 'megabytes',
    value: '<n>',
    heading: 'prompt',
    help: 'maximum megabytes per image, such as 5',
    usual: 'what the provider allows',
    commands: MAKING,
    library: { calls: OPENING, property: 'maxImageBytes', check: 'count' },
  },
  canary: {
    kind: 'off',
    heading: 'money',
    help: 'do not try a few rows before a large run is sent',
    usual: 'a run of more than 1,000 requests tries 10',
    helpIn: { plan: 'plan for a run that does not try a few rows first' },
    commands: [...PLANNING, 'resume', 'retry'],
    library: { calls: OPENING },
  },
  maxRequests: {
    kind: 'count',
    value: '<n>',
    heading: 'limits',
    help: 'maximum requests per batch, such as 10000',
    usual: 'what the provider allows',
    commands: CALLING,
    library: { calls: OPENING },
  },
  maxBytes: {
    kind: 'count',
    value: '<n>',
    heading: 'limits',
    help: 'maximum bytes per batch, such as 50000000',
    usual: 'what the provider allows, at most 100000000',
    commands: CALLING,
    library: { calls: OPENING },
  },
  maxOpenBatches: {
    kind: 'count',
    value: '<n>',
    heading: 'limits',
    help: 'maximum batches at the provider at once',
    usual: '20',
    commands: CALLING,
    library: { calls: OPENING },
  },
  tokenCount: {
    kind: 'off',
    heading: 'limits',
    help: 'estimate tokens from bytes, without counting them',
    usual: 'count them',
    commands: CALLING,
    library: { calls: OPENING },
  },
  pollInterval: {
    kind: 'duration',
    value: '<duration>',
    heading: 'limits',
    help: 'first interval between two looks at a batch, such as 1m',
    usual: '15s',
    commands: CALLING,
    library: { calls: OPENING },
  },
  home: {
    kind: 'path',
    value: '<folder>',
    heading: 'run',
    help: 'folder for state and results',
    usual: 'the nearest .llm-batch folder, else one of the user',
    commands: PLACED,
    library: { calls: OPENING },
  },
  config: {
    kind: 'path',
    value: '<file>',
    heading: 'run',
    help: 'configuration file',
    usual: 'llm-batch.config.json in the working folder',
    commands: PLACED,
    library: { calls: OPENING },
  },
} as const satisfies Readonly<Record<string, OptionDeclaration>>

/** Settings as the user gave them; undefined where nothing. */
export type SettingOptions = ValuesOf<typeof SETTING_OPTIONS>
