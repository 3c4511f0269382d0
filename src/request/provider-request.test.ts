import { describe, expect, it } from 'vitest'
import { builderFor, built, CHAT, codes, type Definition, PROVIDER_ROWS } from '../../test/support/built-requests.ts'

describe('a builder for provider-ready lines', () => {
  const BODY = '{"input": 12345678901234567890, "model":"m", "a":1.0, "a":2, "\\u00e9":"x"}'

  it('passes the body on byte for byte', async () => {
    const json = `{"custom_id":"r1","method":"POST","url":"/v1/responses","body": ${BODY} ,"more":1}`
    expect(await built(PROVIDER_ROWS, json)).toEqual({
      id: 'r1',
      target: { provider: 'openai', endpoint: '/v1/responses', model: 'm' },
      body: BODY,
      mostOutputTokens: null,
      emptyPlaceholders: false,
    })
  })

  it('takes the chat endpoint where there is no url, and keeps a body’s model on jobs that carry it', async () => {
    const request = await built(PROVIDER_ROWS, '{"custom_id":7,"body":{"model":"m"}}', { modelOn: 'job' })
    expect(request).toMatchObject({ id: '7', target: { endpoint: CHAT, model: 'm' }, body: '{"model":"m"}' })
  })

  it.each([
    ['{}', 'line', '{"model":"given"}'],
    ['{ "a":1}', 'line', '{"model":"given","a":1}'],
    ['{"a":1}', 'job', '{"a":1}'],
  ] as const)(
    'puts the model that was given for all into %s where it belongs on the %s',
    async (body, modelOn, sent) => {
      const request = await built({ ...PROVIDER_ROWS, model: 'given' }, `{"custom_id":"1","body":${body}}`, { modelOn })
      expect(request).toMatchObject({ body: sent, target: { model: 'given' } })
    },
  )

  it('takes the id from another column where one was named', async () => {
    expect((await built({ ...PROVIDER_ROWS, idColumn: 'key' }, '{"key":"k","body":{"model":"m"}}')).id).toBe('k')
  })

  it.each<[json: string, codes: readonly string[]]>([
    ['{"body":{"model":"m"}}', ['missing_custom_id']],
    ['{"custom_id":"","body":{"model":"m"}}', ['missing_custom_id']],
    ['{"custom_id":"1"}', ['missing_body']],
    ['{"custom_id":"1","body":null}', ['missing_body']],
    ['{"custom_id":"1","body":"{}"}', ['missing_body']],
    ['{"custom_id":"1","body":[]}', ['missing_body']],
    ['{"custom_id":"1","body":{}}', ['missing_model']],
    ['{"custom_id":"1","body":{"model":7}}', ['missing_model']],
    ['{"custom_id":"1","method":"GET","body":{"model":"m"}}', ['unsupported_endpoint']],
    ['{"custom_id":"1","url":7,"body":{"model":"m"}}', ['unsupported_endpoint']],
    ['{"custom_id":"1","body":{"model":"m","stream":true}}', ['streaming_not_allowed']],
    ['{"body":{"stream":true}}', ['missing_custom_id', 'streaming_not_allowed', 'missing_model']],
    ['{"custom_id":"1","body":{"model":"m","x":"\\ud800"}}', ['lone_surrogate']],
    ['{}', ['missing_custom_id', 'missing_body']],
  ])('finds in %s: %j', async (json, expected) => {
    expect(await codes(PROVIDER_ROWS, json)).toEqual(expected)
  })

  it('accepts "stream": false', async () => {
    expect((await built(PROVIDER_ROWS, '{"custom_id":"1","body":{"model":"m","stream":false}}')).id).toBe('1')
  })

  it('refuses a model other than the one given for all', async () => {
    const json = '{"custom_id":"1","body":{"model":"m"}}'
    expect(await codes({ ...PROVIDER_ROWS, model: 'other' }, json)).toEqual(['model_contradiction'])
  })

  it('refuses an endpoint that takes no batches', async () => {
    const json = '{"custom_id":"1","url":"/v1/audio/speech","body":{"model":"m"}}'
    expect(await codes(PROVIDER_ROWS, json, { isEndpointKnown: false })).toEqual(['unsupported_endpoint'])
  })

  it.each<Partial<Definition>>([{ system: 'x' }, { maxTokens: 1 }, { temperature: 0 }, { parameters: { a: 1 } }])(
    'is refused with %j, which would have to change the bodies',
    (settings) => {
      expect(() => builderFor({ ...PROVIDER_ROWS, ...settings })).toThrow(expect.objectContaining({ code: 'usage' }))
    },
  )
})
