import { describe, expect, it } from 'vitest'
import { type AskAgainOptions, askAgain } from './ask-again.ts'

const CHAT = {
  target: { provider: 'openai', endpoint: '/v1/chat/completions', model: 'm' },
  answer: '{"a":',
  flaw: 'a is missing',
  room: 10_000,
}

/** The messages that were added to a body. */
function added(body: string, options: AskAgainOptions = CHAT, field = 'messages'): unknown {
  const made = JSON.parse(askAgain(body, options).body) as Record<string, readonly unknown[]>
  return made[field]?.slice(1)
}

const TURN = [
  { role: 'assistant', content: '{"a":' },
  {
    role: 'user',
    content: expect.stringMatching(/^That answer cannot be used: a is missing\. .* valid JSON .* nothing else\.$/),
  },
]

describe('a question that is asked again', () => {
  it('ends with the answer and what is wrong with it', () => {
    expect(added('{"model":"m","messages":[{"role":"user","content":"?"}],"top_p":1}')).toEqual(TURN)
  })

  it('is otherwise the same to the byte', () => {
    const body =
      '{ "model":"m", "seed": 12345678901234567890, "messages" : [ {"role":"user","content":"\\u00e9"} ] ,"n":1.0}'
    const made = askAgain(body, CHAT).body
    expect(
      made.startsWith(
        '{ "model":"m", "seed": 12345678901234567890, "messages" : [{"role":"user","content":"\\u00e9"},{',
      ),
    ).toBe(true)
    expect(made.endsWith('}] ,"n":1.0}')).toBe(true)
  })

  it('has the same most tokens as before', () => {
    expect(askAgain('{"messages":[],"max_tokens":7,"n":2}', CHAT).mostOutputTokens).toBe(14)
  })

  it('grows by a turn every time', () => {
    const once = askAgain('{"messages":[{"role":"user","content":"?"}]}', CHAT).body
    const twice = JSON.parse(askAgain(once, { ...CHAT, answer: 'no' }).body) as { messages: { role: string }[] }
    expect(twice.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user'])
  })

  const responses = { ...CHAT, target: { provider: 'openai', endpoint: '/v1/responses', model: 'm' } }

  it.each([
    ['"what?"', { role: 'user', content: 'what?' }],
    ['[{"role":"user","content":"what?"}]', { role: 'user', content: 'what?' }],
  ])('stands in the input of a response: %s', (input, first) => {
    expect(added(`{"input":${input}}`, responses, 'input')).toEqual(TURN)
    expect(JSON.parse(askAgain(`{"input":${input}}`, responses).body).input[0]).toEqual(first)
  })

  it('leaves the answer out where the line would grow too long, and all of it where even that is too much', () => {
    const body = '{"messages":[{"role":"user","content":"?"}]}'
    expect(added(body, { ...CHAT, answer: 'x'.repeat(20_000) })).toEqual(TURN.slice(1))
    expect(askAgain(body, { ...CHAT, room: 10 }).body).toBe(body)
  })

  it.each([
    ['has no messages', '{"prompt":"?"}', CHAT],
    ['has an input of another kind', '{"input":{"a":1}}', responses],
    ['has nothing at all', '{}', CHAT],
  ])('is the same question where it %s', (_what, body, options) => {
    expect(askAgain(body, options).body).toBe(body)
  })

  it('says only that the answer was wrong where neither it nor why is known', () => {
    expect(added('{"messages":[{}]}', { ...CHAT, answer: null, flaw: null })).toEqual([
      { role: 'user', content: expect.stringMatching(/^That answer cannot be used\. Answer/) },
    ])
  })

  it('holds no half of a surrogate pair, for which a provider would refuse the whole file', () => {
    const { body } = askAgain('{"messages":[]}', { ...CHAT, answer: 'a\ud800b 😀' })
    expect(body).not.toContain('\\ud800')
    expect(body).toContain('😀')
  })
})
