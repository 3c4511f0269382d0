import { describe, expect, it } from 'vitest'
import { PrimingChoice } from './first-choice.ts'
import { SharedPrefixes } from './shared-prefixes.ts'

const TARGET = { provider: 'anthropic', endpoint: '/v1/chat/completions', model: 'claude-sonnet-4-5' }
const LONG = 'A rule of the house. '.repeat(300)
const NO_TEMPLATES = { system: null, messages: null, prompt: null }

type Message = { readonly role: string; readonly content: unknown }

function request(messages: readonly Message[], more: object = {}) {
  return { target: TARGET, body: JSON.stringify({ messages, ...more }) }
}

function user(content: unknown): Message {
  return { role: 'user', content }
}

function system(content: unknown): Message {
  return { role: 'system', content }
}

/** The beginning that each request names, after all were looked at. */
function named(requests: readonly ReturnType<typeof request>[], templates = {}, isMarking = true): readonly unknown[] {
  const prefixes = new SharedPrefixes({ ...NO_TEMPLATES, ...templates }, isMarking)
  for (const one of requests) prefixes.lookAt(one)
  return requests.map((one) => (JSON.parse(prefixes.mark(one).body) as Record<string, unknown>)['cache_prefix'])
}

function three(messagesOf: (row: number) => readonly Message[], more: (row: number) => object = () => ({})) {
  return [0, 1, 2].map((row) => request(messagesOf(row), more(row)))
}

describe('the beginning that requests share', () => {
  it.each([
    [
      'a prompt up to its first placeholder',
      { prompt: `${LONG} {{text}}` },
      (row: number) => [user(`${LONG} ${row}`)],
      [0, LONG.trimEnd().length],
    ],
    [
      'a system message and the prompt after it',
      { system: 'Be brief.', prompt: `${LONG}{{text}}` },
      (row: number) => [system('Be brief.'), user(`${LONG}${row}`)],
      [1, LONG.trimEnd().length],
    ],
    [
      'turns before a prompt that begins with a placeholder',
      {
        messages: [
          { role: 'user', content: LONG },
          { role: 'assistant', content: 'Yes.' },
        ],
        prompt: '{{text}}',
      },
      (row: number) => [user(LONG), { role: 'assistant', content: 'Yes.' }, user(`${row}`)],
      [2, 0],
    ],
    [
      'the first text of a prompt with images',
      { prompt: `${LONG}{{text}}` },
      (row: number) => [user([{ type: 'text', text: `${LONG}${row}` }])],
      [0, LONG.trimEnd().length],
    ],
    ['the system message of rows with their own', {}, (row: number) => [system(LONG), user(`${row}`)], [1, 0]],
    [
      'the examples before the last turn of rows with their own',
      {},
      (row: number) => [system('Be brief.'), user(LONG), { role: 'assistant', content: 'Yes.' }, user(`${row}`)],
      [3, 0],
    ],
    [
      'the system message alone where the turns differ',
      {},
      (row: number) => [system(LONG), user(`${LONG}${row}`), { role: 'assistant', content: 'Yes.' }, user('x')],
      [1, 0],
    ],
    ['the first turn of rows without one', {}, (row: number) => [user(LONG), user(`${row}`)], [1, 0]],
  ])('is that of %s', (_, templates, messagesOf, [messages, characters]) => {
    const found = { messages, characters }
    expect(named(three(messagesOf), templates)).toEqual([found, found, found])
  })

  it.each([
    ['it is short', three((row) => [system('Be brief.'), user(`${row}`)])],
    ['only two share it', three((row) => [system(row === 2 ? `${LONG}!` : LONG), user('x')])],
    [
      'the tools before it differ',
      three(
        () => [system(LONG), user('x')],
        (row) => ({ tools: [row] }),
      ),
    ],
    ['the user has marked it', three(() => [system([{ type: 'text', text: LONG, cache_control: {} }]), user('x')])],
    ['it holds an image', three(() => [user([{ type: 'image_url', image_url: { url: LONG } }]), user('x')])],
    [
      'the provider keeps no cache',
      three(() => [system(LONG), user('x')]).map((one) => ({ ...one, target: { ...TARGET, provider: 'openai' } })),
    ],
    [
      'the model keeps longer ones only',
      three(() => [system(LONG), user('x')]).map((one) => ({
        ...one,
        target: { ...TARGET, model: 'claude-opus-5-5' },
      })),
    ],
  ])('is not named where %s', (_, requests) => {
    expect(named(requests)).toEqual([undefined, undefined, undefined])
  })

  it('is counted where it is not named', () => {
    const prefixes = new SharedPrefixes(NO_TEMPLATES, false)
    const requests = three((row) => [system(LONG), user(`${row}`)])
    for (const one of requests) prefixes.lookAt(one)
    expect(requests.map((one) => prefixes.mark(one).body)).toEqual(requests.map(({ body }) => body))
    const { onceTokens, tokens, ...counts } = prefixes.of(TARGET)
    expect(counts).toEqual({ prefixes: 1, requests: 3 })
    expect(tokens).toBe(onceTokens * 3)
  })

  it('is told apart for a hundred of them at most, so that memory has a bound', () => {
    const requests = Array.from({ length: 303 }, (_, row) => request([system(`${row % 101} ${LONG}`), user('x')]))
    expect(named(requests).filter((found) => found === undefined)).toHaveLength(3)
  })

  it('is primed by the first request that has it, all of a target in one batch', () => {
    const choice = new PrimingChoice()
    const sets = ['a', 'b', 'a', undefined].map((prefix) => choice.setFor({ body: '{}', target: TARGET, prefix }))
    expect(sets).toEqual([sets[0], sets[0], null, null])
    expect(sets[0]).not.toBeNull()
  })
})
