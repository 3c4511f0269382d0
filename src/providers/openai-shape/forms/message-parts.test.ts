import { describe, expect, it } from 'vitest'
import { factsOf } from '../../known.ts'

describe('a part of a message', () => {
  const url = 'https://example.com/"a".png'

  it.each([
    ['openai', '/v1/chat/completions', null, { type: 'image_url', image_url: { url } }],
    ['openai', '/v1/chat/completions', 'low', { type: 'image_url', image_url: { url, detail: 'low' } }],
    ['mistral', '/v1/chat/completions', null, { type: 'image_url', image_url: url }],
    ['mistral', '/v1/chat/completions', 'high', { type: 'image_url', image_url: { url, detail: 'high' } }],
    ['openai', '/v1/responses', null, { type: 'input_image', image_url: url }],
    ['openai', '/v1/responses', 'auto', { type: 'input_image', image_url: url, detail: 'auto' }],
  ] as const)('has the form that %s takes at %s, with detail %s', (provider, endpoint, detail, part) => {
    expect(JSON.parse(factsOf(provider).messageParts(endpoint).image(url, detail))).toEqual(part)
  })

  it('is named as the endpoint names it', () => {
    const text = (provider: string, endpoint: string, words: string): unknown =>
      JSON.parse(factsOf(provider).messageParts(endpoint).text(words))
    expect(text('openai', '/v1/responses', '"a"')).toEqual({ type: 'input_text', text: '"a"' })
    expect(text('mistral', '/v1/chat/completions', 'a')).toEqual({ type: 'text', text: 'a' })
  })
})
