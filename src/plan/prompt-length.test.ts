import { describe, expect, it } from 'vitest'
import { PromptLengths } from './prompt-length.ts'

const CHAT = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-4' }
const VECTORS = { provider: 'openai', endpoint: '/v1/embeddings', model: 'text-embedding-3-small' }

function chat(words: number, more: object = {}): string {
  return JSON.stringify({ messages: [{ role: 'user', content: 'word '.repeat(words) }], ...more })
}

describe('the length of a prompt', () => {
  const counted = new PromptLengths(true)

  it.each([
    ['fits', CHAT, chat(8_000), null],
    [
      'is longer than the window',
      CHAT,
      chat(9_000),
      'the prompt has about 9,001 tokens, and gpt-4 takes 8,192 at chat',
    ],
    ['is for a model whose window is not known', { ...CHAT, model: 'my-own' }, chat(9_000), null],
    ['is cut by the provider', CHAT, chat(9_000, { truncation: 'auto' }), null],
    [
      'holds texts that fit one by one',
      VECTORS,
      JSON.stringify({ input: ['word '.repeat(5_000), 'word '.repeat(5_000)] }),
      null,
    ],
    [
      'holds a text that does not fit',
      VECTORS,
      JSON.stringify({ input: ['a', 'word '.repeat(9_000)] }),
      expect.stringMatching(/9,00\d tokens/),
    ],
    ['is that of a snapshot', { ...CHAT, model: 'gpt-4-2025-01-01' }, chat(9_000), expect.stringContaining('8,192')],
  ])('%s', (_, target, body, flaw) => {
    expect(counted.flawOf(target, body)).toEqual(flaw)
  })

  it('is refused only where it is certainly too long, where nothing is counted', () => {
    const estimated = new PromptLengths(false)
    expect(estimated.flawOf(CHAT, chat(12_000))).toBeNull()
    expect(estimated.flawOf(CHAT, chat(14_000))).toContain('8,192')
  })
})
