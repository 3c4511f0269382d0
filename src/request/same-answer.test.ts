import { describe, expect, it } from 'vitest'
import { isAnsweredAlike } from './same-answer.ts'

const at = (endpoint: string) => ({ provider: 'openai', endpoint, model: 'm' })

describe('a question is meant to be answered alike', () => {
  it.each([
    ['/v1/embeddings', '{"input":"a"}', true],
    ['/v1/moderations', '{"input":"a"}', true],
    ['/v1/chat/moderations', '{"input":[]}', true],
    ['/v1/classifications', '{"input":"a"}', true],
    ['/v1/chat/completions', '{"messages":[]}', false],
    ['/v1/chat/completions', '{"messages":[],"temperature":0}', true],
    ['/v1/chat/completions', '{"temperature" : 0.0e3 ,"messages":[]}', true],
    ['/v1/chat/completions', '{"messages":[],"temperature":0.1}', false],
    ['/v1/chat/completions', '{"messages":[],"temperature":null}', false],
    ['/v1/chat/completions', '{"messages":[],"temperature":""}', false],
    ['/v1/chat/completions', '{"messages":[],"metadata":{"temperature":0}}', false],
    ['/v1/chat/completions', '{"messages":[{"role":"user","content":"\\"temperature\\":0"}]}', false],
    ['/v1/responses', '{"input":"a","temperature":0}', true],
  ])('at %s with %s: %s', (endpoint, body, expected) => {
    expect(isAnsweredAlike({ target: at(endpoint), body })).toBe(expected)
  })
})
