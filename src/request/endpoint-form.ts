import type { Problem } from '../model/problem.ts'
import type { Row } from '../model/row.ts'
import type { RunDefinition } from '../model/run.ts'
import { factsOf } from '../providers/known.ts'
import { problemOf } from './build-result.ts'

/** Form in which an endpoint takes a row. */
export interface EndpointForm {
  /** Messages; one text, or several; or a text with a gap after it, and maybe what follows the gap. */
  readonly takes: 'messages' | 'text' | 'gap'
  /** Whether it answers with nothing useful for an empty text, or refuses it. */
  readonly mayBeEmpty: boolean
  readonly hasTemperature: boolean
  /** Body fields that have options of their own or cannot be chosen. */
  readonly reserved: readonly string[]
  /** The members of the body that differ from row to row; `json` is the messages, the text or the texts. */
  members(row: Row, json: string): string | Problem
}

/** The form of `/v1/chat/completions`. */
export const CHAT_FORM: EndpointForm = {
  takes: 'messages',
  mayBeEmpty: true,
  hasTemperature: true,
  reserved: ['model', 'messages', 'stream'],
  members: (_, json) => `"messages":${json}`,
}

const INPUT = ['model', 'input', 'stream'] as const

const TEXT: EndpointForm = {
  takes: 'text',
  mayBeEmpty: false,
  hasTemperature: false,
  reserved: INPUT,
  members: (_, json) => `"input":${json}`,
}

/** Both prompt and suffix are members already. */
const GAP: EndpointForm = {
  takes: 'gap',
  mayBeEmpty: true,
  hasTemperature: true,
  reserved: ['model', 'prompt', 'suffix', 'stream'],
  members: (_, json) => json,
}

const VERDICT_ON_MESSAGES = { takes: 'messages', mayBeEmpty: true, hasTemperature: false, reserved: INPUT } as const

/**
 * The form of an endpoint that requests can be made for out of rows; undefined for all others, which take provider-ready
 * lines only.
 */
export function endpointForm(
  endpoint: string,
  { provider, system }: Pick<RunDefinition, 'provider' | 'system'>,
): EndpointForm | undefined {
  switch (endpoint) {
    case '/v1/chat/completions':
      return CHAT_FORM
    case '/v1/responses':
      return {
        ...CHAT_FORM,
        reserved: [...INPUT, 'instructions'],
        members: (row, json) => {
          const members = factsOf(provider).responseMembers(json, system !== null)
          return typeof members === 'string' ? members : problemOf(row, 'unsupported_content', members.unsupported)
        },
      }
    case '/v1/embeddings':
    case '/v1/moderations':
    case '/v1/classifications':
      return TEXT
    case '/v1/chat/moderations':
      return { ...VERDICT_ON_MESSAGES, members: (_, json) => `"input":${json}` }
    case '/v1/chat/classifications':
      return { ...VERDICT_ON_MESSAGES, members: (_, json) => `"input":{"messages":${json}}` }
    case '/v1/fim/completions':
    case '/v1/completions':
      return GAP
    default:
      return undefined
  }
}
