/** An answer in the form of a chat answer, the parts that are read. */
export interface ChatBody {
  readonly choices?: readonly {
    readonly message?: { readonly content?: string | null; readonly tool_calls?: readonly unknown[] | null }
    readonly finish_reason?: string
  }[]
}

/** An answer of Anthropic's, as far as it is read. */
interface Message {
  readonly type: 'message'
  readonly content?: readonly Block[]
  readonly stop_reason?: string
}

interface Block {
  readonly text?: string
  readonly id?: string
  readonly name?: string
  readonly input?: unknown
}

/** An answer of Gemini's, as far as it is read. */
interface Generated {
  readonly candidates: readonly {
    readonly content?: { readonly parts?: readonly Part[] }
    readonly finishReason?: string
  }[]
}

interface Part {
  readonly text?: string
  readonly functionCall?: { readonly id?: string; readonly name?: string; readonly args?: unknown }
}

/** The body of an answer in whichever of the three forms; undefined for what is none of them. */
export function chatBodyOf(body: unknown): ChatBody | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  if ('choices' in body) return body as ChatBody
  if ('candidates' in body) return ofGenerated(body as Generated)
  return 'type' in body && body.type === 'message' ? ofMessage(body as Message) : undefined
}

/** How a whole answer ends; every other ending means that it is not whole. */
const WHOLE: Readonly<Record<string, string>> = { end_turn: 'stop', tool_use: 'tool_calls', STOP: 'stop' }

function ofMessage({ content = [], stop_reason: reason = '' }: Message): ChatBody {
  const calls = content.flatMap(({ id, input, name }) => (name === undefined ? [] : [callOf(id, name, input)]))
  return bodyOf(content.map(({ text }) => text ?? '').join(''), calls, reason)
}

function ofGenerated({ candidates }: Generated): ChatBody {
  const [first] = candidates
  const parts = first?.content?.parts ?? []
  const calls = parts.flatMap(({ functionCall: called }) =>
    called ? [callOf(called.id, called.name, called.args)] : [],
  )
  return bodyOf(parts.map(({ text }) => text ?? '').join(''), calls, first?.finishReason ?? '')
}

function callOf(id: string | undefined, name: string | undefined, given: unknown): object {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(given) } }
}

function bodyOf(text: string, calls: readonly object[], reason: string): ChatBody {
  const message = calls.length > 0 ? { content: text || null, tool_calls: calls } : { content: text }
  return { choices: [{ message, finish_reason: WHOLE[reason] ?? 'length' }] }
}
