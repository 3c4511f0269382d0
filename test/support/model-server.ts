import type { ServerResponse } from 'node:http'
import { answerJson, type ReceivedRequest, startHttpServer } from './http-server.ts'

/** A request that a model server got. */
export interface ModelCall {
  /** What the user asks. */
  readonly prompt: string
  /** How often the same was asked, this time included. */
  readonly times: number
  readonly request: ReceivedRequest
}

/** What a model server does with a request; `hold` waits for `release`. */
export type ModelReply =
  | { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> }
  | { readonly page: string; readonly status: number }
  | { readonly text: string }
  | 'answer'
  | 'cut'
  | 'hold'

/** An OpenAI-compatible server of models that fails as a test wants it to. */
export interface ModelServer {
  /** Its API root. */
  readonly url: string
  /** The prompts in the order in which they came. */
  readonly prompts: readonly string[]
  /** The bodies of the same requests. */
  readonly bodies: readonly string[]
  /** Requests that it had at once at the most. */
  readonly mostAtOnce: number
  /** The keys that were sent; empty text where none was. */
  readonly keys: ReadonlySet<string>
  /** How often each prompt came. */
  times(prompt: string): number
  /** Answers what it holds, and holds nothing from now on. */
  release(): void
  close(): Promise<void>
}

/** Starts such a server. `decide` says what becomes of a request. @default every request is answered */
export async function startModelServer(decide: (call: ModelCall) => ModelReply = () => 'answer'): Promise<ModelServer> {
  const prompts: string[] = []
  const bodies: string[] = []
  const keys = new Set<string>()
  const held: (() => void)[] = []
  let isReleased = false
  let atOnce = 0
  let mostAtOnce = 0
  const times = (prompt: string): number => prompts.filter((one) => one === prompt).length
  const server = await startHttpServer(async (request, response) => {
    if (request.method === 'GET') return answerJson(response, 200, { object: 'list', data: [{ id: 'llama3.2' }] })
    keys.add(request.headers.authorization ?? '')
    const body = JSON.parse(request.body.toString()) as Body
    const prompt = promptIn(body)
    prompts.push(prompt)
    bodies.push(request.body.toString())
    atOnce += 1
    mostAtOnce = Math.max(mostAtOnce, atOnce)
    // Those that came together are in hand together.
    await new Promise(setImmediate)
    const reply = decide({ prompt, times: times(prompt), request })
    if (reply === 'hold' && !isReleased) await new Promise<void>((resolve) => held.push(resolve))
    atOnce -= 1
    respond(response, body, prompt, reply)
  })
  return {
    url: `${server.origin}/v1`,
    prompts,
    bodies,
    keys,
    get mostAtOnce() {
      return mostAtOnce
    },
    times,
    release() {
      isReleased = true
      for (const answer of held.splice(0)) answer()
    },
    close: () => server.close(),
  }
}

interface Body {
  readonly model: string
  readonly messages?: readonly { readonly content: string }[]
  readonly input?: unknown
}

function promptIn({ input, messages = [] }: Body): string {
  return messages.at(-1)?.content ?? String(input)
}

function respond(response: ServerResponse, body: Body, prompt: string, reply: ModelReply): void {
  if (reply === 'cut') response.destroy()
  else if (reply === 'answer' || reply === 'hold') answerJson(response, 200, answerTo(body, prompt))
  else if ('text' in reply) answerJson(response, 200, answerWith(body, reply.text))
  else if ('page' in reply) response.writeHead(reply.status, { 'content-type': 'text/html' }).end(reply.page)
  else answerJson(response, reply.status, reply.body, reply.headers)
}

function answerTo(body: Body, prompt: string): object {
  const { input, model } = body
  if (input !== undefined) {
    return { object: 'list', model, data: [{ index: 0, embedding: [0.5, 0.25] }], usage: { prompt_tokens: 3 } }
  }
  return answerWith(body, `The answer to ${prompt}`)
}

function answerWith({ model }: Body, content: string): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model,
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
  }
}
