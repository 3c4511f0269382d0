import type { Peculiarity } from '../../src/testing.ts'

/** The local server as a host, and a model that is asked there. */
export interface HostRow {
  readonly name: string
  /** The one origin that its key goes to unless the user sets another. */
  readonly origin: string
  readonly model: string
  /** In which ways the host differs from OpenAI, by a reading of its documents that the profile does not share. */
  readonly peculiarities: readonly Peculiarity[]
  /** @default '/v1/chat/completions' */
  readonly endpoint?: string
}

/** A row for each profile. */
export const HOST_ROWS: readonly HostRow[] = [
  {
    name: 'groq',
    origin: 'https://api.groq.com',
    model: 'llama-3.3-70b',
    peculiarities: ['unpaged-list', 'object-ids', 'any-window'],
  },
  {
    name: 'together',
    origin: 'https://api.together.ai',
    model: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
    peculiarities: [
      'signed-uploads',
      'purpose-batch-api',
      'bare-lines',
      'no-metadata',
      'bare-list',
      'wrapped-create',
      'upper-case',
      'iso-times',
      'no-counts',
    ],
  },
  { name: 'dashscope', origin: 'https://dashscope.aliyuncs.com', model: 'qwen-plus', peculiarities: ['any-window'] },
  { name: 'doubleword', origin: 'https://api.doubleword.ai', model: 'Qwen/Qwen3-235B', peculiarities: [] },
  {
    name: 'nebius',
    origin: 'https://api.tokenfactory.nebius.com',
    model: 'deepseek-ai/DeepSeek-V3',
    peculiarities: ['text-ids'],
  },
  { name: 'siliconflow', origin: 'https://api.siliconflow.cn', model: 'deepseek-ai/DeepSeek-R1', peculiarities: [] },
  {
    name: 'deepinfra',
    origin: 'https://api.deepinfra.com',
    model: 'meta-llama/Meta-Llama-3.1-8B-Instruct',
    peculiarities: [],
  },
  { name: 'parasail', origin: 'https://api.parasail.io', model: 'parasail-gemma3-27b-it', peculiarities: [] },
  {
    name: 'perplexity',
    origin: 'https://api.perplexity.ai',
    model: 'openai/gpt-5-mini',
    peculiarities: ['idempotency-key'],
    endpoint: '/v1/responses',
  },
  {
    name: 'zhipu',
    origin: 'https://open.bigmodel.cn',
    model: 'glm-4-flash',
    peculiarities: ['v4-endpoints', 'no-window', 'deletes-input'],
  },
  {
    name: 'moonshot',
    origin: 'https://api.moonshot.cn',
    model: 'kimi-k2',
    peculiarities: ['pages-of-20', 'any-window'],
  },
  { name: 'morph', origin: 'https://api.morphllm.com', model: 'morph-v3-large', peculiarities: [] },
  {
    name: 'novita',
    origin: 'https://api.novita.ai',
    model: 'deepseek/deepseek-v3-0324',
    peculiarities: [
      'bare-lines',
      'no-metadata',
      'no-window',
      'upper-case',
      'progress-word',
      'iso-times',
      'text-ids',
      'pages-of-20',
    ],
  },
]

/** The peculiarities of a host. */
export function peculiaritiesOf(name: string): readonly Peculiarity[] {
  return HOST_ROWS.find((row) => row.name === name)?.peculiarities ?? []
}
