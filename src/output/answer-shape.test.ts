import { describe, expect, it } from 'vitest'
import { answerShapeOf } from './answer-shape.ts'

const CHAT = { endpoint: null, hasTextLists: false, parameters: {} }
const VECTOR = { type: 'array', items: { type: 'number' } }

describe('answerShapeOf', () => {
  it.each([
    [CHAT, { kind: 'text' }],
    [{ ...CHAT, endpoint: '/v1/responses' }, { kind: 'text' }],
    [{ ...CHAT, endpoint: '/v1/fim/completions' }, { kind: 'text' }],
    [{ ...CHAT, parameters: { n: 1 } }, { kind: 'text' }],
    [
      { ...CHAT, parameters: { n: 3 } },
      { kind: 'json', schema: { type: 'array', items: { type: 'string' } } },
    ],
    [
      { ...CHAT, endpoint: '/v1/embeddings' },
      { kind: 'json', schema: VECTOR },
    ],
    [
      { ...CHAT, endpoint: '/v1/embeddings', hasTextLists: true },
      { kind: 'json', schema: { type: 'array', items: VECTOR } },
    ],
    [
      { ...CHAT, endpoint: '/v1/chat/moderations' },
      { kind: 'json', schema: { type: 'object' } },
    ],
  ])('of %j is %j', (definition, shape) => {
    expect(answerShapeOf(definition)).toEqual(shape)
  })
})
