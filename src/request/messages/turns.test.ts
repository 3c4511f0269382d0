import { describe, expect, it } from 'vitest'
import {
  builderFor,
  built,
  codes,
  DEFINITION,
  type Definition,
  failed,
  LIMITS,
  rowOf,
} from '../../../test/support/built-requests.ts'
import { createRequestBuilder } from '../builder.ts'

const SHOTS = [
  { role: 'user', content: 'One of {{kind}}' },
  { role: 'assistant', content: 'A {{kind}}' },
] as const

/** Role and content of the messages, in few words. */
async function said(definition: Definition, json: string): Promise<readonly string[]> {
  const { body } = await built(definition, json)
  const { messages } = JSON.parse(body) as { messages: readonly { role: string; content: string }[] }
  return messages.map(({ role, content }) => `${role}: ${content}`)
}

describe('a conversation of several turns', () => {
  it('is filled turn by turn, with the prompt as the last', async () => {
    const definition = { ...DEFINITION, messages: SHOTS, system: 'Know {{kind}}.' }
    expect(await said(definition, '{"text":"x","kind":"cat"}')).toEqual([
      'system: Know cat.',
      'user: One of cat',
      'assistant: A cat',
      'user: Sum up: x',
    ])
  })

  it('needs no prompt where it has turns of its own', async () => {
    const messages = [{ role: 'developer', content: 'Be kind.' }, ...SHOTS] as const
    expect(await said({ ...DEFINITION, prompt: null, messages }, '{"kind":"cat"}')).toEqual([
      'developer: Be kind.',
      'user: One of cat',
      'assistant: A cat',
    ])
  })

  it.each([
    ['[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]'],
    [JSON.stringify('[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]')],
    [JSON.stringify(' [\n{"role":"user",\r\n"content":"a"},{"role":"assistant","content":"b"}\n]\n')],
  ])('has the row’s own, here %s, before the last turn of the user', async (history) => {
    const row = `{"text":"x","kind":"cat","history":${history}}`
    const definition = { ...DEFINITION, messagesColumn: 'history' }
    expect(await said(definition, row)).toEqual(['user: a', 'assistant: b', 'user: Sum up: x'])
    expect(await said({ ...definition, messages: SHOTS }, row)).toEqual([
      'user: One of cat',
      'assistant: A cat',
      'user: a',
      'assistant: b',
      'user: Sum up: x',
    ])
    expect(await said({ ...definition, prompt: null }, row)).toEqual(['user: a', 'assistant: b'])
    const { body } = await built(definition, row)
    expect(body).not.toMatch(/[\r\n]/)
  })

  it('passes the row’s own on as it is written', async () => {
    const history = '[ {"role":"tool", "tool_call_id":"x","n":12345678901234567890, "content":"\\u00e9"} ]'
    const definition = { ...DEFINITION, messagesColumn: 'history' }
    const { body } = await built(definition, `{"text":"x","history":${history}}`)
    expect(body).toContain(`"messages":[${history.slice(1, -1).trim()},{"role":"user"`)
  })

  it.each(['null', '""', '" "', '[]', '"[]"'])('may not have begun: %s', async (history) => {
    const definition = { ...DEFINITION, messagesColumn: 'history' }
    expect(await said(definition, `{"text":"x","history":${history}}`)).toEqual(['user: Sum up: x'])
    expect(await codes({ ...definition, prompt: null }, `{"history":${history}}`)).toEqual(['missing_messages'])
  })

  it.each([
    ['{"text":"x"}', 'missing_column', 'no column "history"'],
    ['{"text":"x","history":"hello"}', 'missing_messages', '"history" is text that is not JSON'],
    ['{"text":"x","history":"{}"}', 'missing_messages', '"history" is not a list'],
    ['{"text":"x","history":7}', 'missing_messages', '"history" is not a list'],
    ['{"text":"x","history":[{"content":"x"}]}', 'missing_messages', 'entry 1 is not an object with a "role"'],
  ])('tells what is wrong with the row’s own in %s', async (json, code, detail) => {
    const { problems } = await failed({ ...DEFINITION, messagesColumn: 'history' }, json)
    expect(problems).toMatchObject([{ code, detail: expect.stringContaining(detail) as string }])
  })

  it('has one system message', async () => {
    const history = '{"text":"x","history":[{"role":"system","content":"x"}]}'
    const definition = { ...DEFINITION, messagesColumn: 'history' }
    expect(await said(definition, history)).toEqual(['system: x', 'user: Sum up: x'])
    expect(await codes({ ...definition, system: 'Be kind.' }, history)).toEqual(['system_contradiction'])
    const messages = [{ role: 'system', content: 'Be brief.' }] as const
    await expect(built({ ...DEFINITION, messages, system: 'Be kind.' }, '{"text":"x"}')).rejects.toThrow(
      'a system message that is not the first and only one',
    )
  })

  it('names every absent column of all turns once', async () => {
    const messages = [...SHOTS, { role: 'user', content: '{{kind}} {{more}}' }] as const
    const { problems } = await failed({ ...DEFINITION, messages }, '{"text":"x"}')
    expect(problems.map(({ detail }) => detail)).toEqual([
      'no column "kind"; the columns are: text',
      'no column "more"; the columns are: text',
    ])
  })

  it('is empty only where nothing that it asks for says anything', async () => {
    const definition = { ...DEFINITION, messages: SHOTS, messagesColumn: 'history', system: '{{system}}' }
    const isEmpty = async (kind: string, history: unknown) => {
      const row = JSON.stringify({ text: '', kind, history, system: 'x' })
      return (await built(definition, row)).emptyPlaceholders
    }
    expect(await isEmpty('', null)).toBe(true)
    expect(await isEmpty('cat', null)).toBe(false)
    expect(await isEmpty('', [{ role: 'user', content: 'x' }])).toBe(false)
  })

  it('stands before what a function makes', async () => {
    const definition = { ...DEFINITION, prompt: null, messages: SHOTS, messagesColumn: 'history' }
    const promptFunction = () => [{ role: 'user', content: 'made' }]
    const build = createRequestBuilder({ definition, limitsOf: () => LIMITS, promptFunction })
    const result = await build(rowOf('{"kind":"cat","history":[{"role":"user","content":"a"}]}'))
    expect('request' in result && JSON.parse(result.request.body)).toMatchObject({
      messages: [{ content: 'One of cat' }, { content: 'A cat' }, { content: 'a' }, { content: 'made' }],
    })
  })

  it('refuses a template that cannot be read, naming the turn', () => {
    const messages = [{ role: 'user', content: '{{open' }] as const
    expect(() => builderFor({ ...DEFINITION, messages })).toThrow('in message 1 is not closed')
  })
})
