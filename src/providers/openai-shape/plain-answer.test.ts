import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainAnswer } from './plain-answer.ts'
import { readBySchema } from './result-line.ts'

const CHAT = '/v1/chat/completions'

const LINE = {
  id: 'batch_req_1',
  custom_id: 'bk3f9x0a20000001',
  response: {
    status_code: 200,
    request_id: 'req_1',
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      model: 'gpt-6.1-terra-2026-08-07',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'billing', refusal: null, tool_calls: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 112,
        completion_tokens: 74,
        total_tokens: 186,
        prompt_tokens_details: { cached_tokens: 32 },
        completion_tokens_details: { reasoning_tokens: 64 },
      },
    },
  },
  error: null,
}

/** Members whose presence or value matters to either way of reading. */
const NAMES = (
  'custom_id error response status_code body model choices message content refusal tool_calls function_call ' +
  'finish_reason text usage prompt_tokens input_tokens prompt_tokens_details input_tokens_details cached_tokens ' +
  'reasoning_tokens __proto__'
).split(' ')

const anyValue = fc.oneof(
  fc.constantFrom(
    null,
    true,
    '',
    ' ',
    'stop',
    'length',
    'content_filter',
    'error',
    'tool_calls',
    '200',
    200,
    -1,
    1.5,
    1e300,
  ),
  fc.constantFrom([], {}, [{}], [[]], [{ type: 'text', text: 'parts' }], { code: 'oops' }, { message: 'no' }),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary' }),
)

/** A member of one of the line's objects, and what it becomes (undefined: removed). */
interface Change {
  readonly place: number
  readonly name: string
  readonly value: unknown
}

const [choice] = LINE.response.body.choices

/** What is likely to be read in two ways. */
const DIRECTED: readonly Omit<Change, 'place'>[] = [
  ...['', 5, ' '].map((value) => ({ name: 'custom_id', value })),
  ...['', ' \n\t', '\u00a0', null, [{ type: 'text', text: 'parts' }]].map((value) => ({ name: 'content', value })),
  ...[[], [choice, choice], [choice, {}], [choice, null], [{}]].map((value) => ({ name: 'choices', value })),
  ...['length', 'content_filter', 'error', null, 5].map((value) => ({ name: 'finish_reason', value })),
  ...['oops', { message: 'oops' }, {}, '', false].map((value) => ({ name: 'error', value })),
  ...['no', '', 5].map((value) => ({ name: 'refusal', value })),
  ...['a\nb', 'sk-1234567890', '', 'x'.repeat(201)].map((value) => ({ name: 'model', value })),
]

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.constantFrom(...DIRECTED).map((change) => ({ ...change, place: -1 })),
  fc.record({ place: fc.nat(20), name: fc.constantFrom(...NAMES), value: fc.option(anyValue, { nil: undefined }) }),
)

describe('plainAnswer', () => {
  it('reads a plain line', () => {
    expect(plainAnswer(CHAT, LINE)).toEqual({
      wireId: 'bk3f9x0a20000001',
      outcome: {
        status: 'succeeded',
        code: null,
        reason: null,
        billed: 'yes',
        retryable: false,
        accountProblem: false,
        contentProblem: false,
        isJson: false,
        output: 'billing',
        finishReason: 'stop',
        usage: { promptTokens: 112, completionTokens: 74, cachedTokens: 32, reasoningTokens: 64 },
        model: 'gpt-6.1-terra-2026-08-07',
      },
    })
  })

  it('says what the schemas say of every line that it reads, whatever was changed about a plain one', () => {
    let plain = 0
    fc.assert(
      fc.property(fc.array(anyChange, { minLength: 1, maxLength: 3 }), (changes) => {
        const line = changed(changes)
        const read = plainAnswer(CHAT, line)
        if (read === undefined) return
        plain += 1
        expect(read).toEqual(readBySchema(line, CHAT, []))
      }),
      { numRuns: 3_000 },
    )
    expect(plain).toBeGreaterThan(300)
  })

  it('leaves other endpoints to the schemas', () => {
    expect(plainAnswer('/v1/responses', LINE)).toBeUndefined()
  })
})

function changed(changes: readonly Change[]): unknown {
  const line = JSON.parse(JSON.stringify(LINE)) as unknown
  for (const { name, place, value } of changes) {
    const objects = objectsIn(line)
    const object = place < 0 ? objects.find((one) => name in one) : objects[place % objects.length]
    if (object === undefined) continue
    if (value === undefined) Reflect.deleteProperty(object, name)
    // As JSON.parse does it: `__proto__` becomes a member like others.
    else Object.defineProperty(object, name, { value: structuredClone(value), ...MEMBER })
  }
  return line
}

const MEMBER = { enumerable: true, configurable: true, writable: true }

/** Inner objects first, so that `error` is also that of the body. */
function objectsIn(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.values(value).flatMap(objectsIn)
  return Array.isArray(value) ? inner : [...inner, value]
}
