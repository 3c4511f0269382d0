import { describe, expect, it } from 'vitest'
import type { Row } from '../model/row.ts'
import { detectShape } from './shape.ts'

describe('detectShape', () => {
  it.each([
    ['{"text":"x"}', true, 'records'],
    ['{"messages":[],"custom_id":"1","body":{}}', true, 'records'],
    ['{"messages":[]}', false, 'chat'],
    ['{"messages":[],"body":"an email"}', false, 'chat'],
    ['{"custom_id":"1","body":{}}', false, 'provider'],
    ['{"custom_id":"1","body":{},"messages":[]}', false, 'provider'],
    ['{"body":{}}', false, 'provider'],
  ] as const)('takes %s with a prompt (%s) for %s', (json, hasPrompt, shape) => {
    expect(detectShape(rowOf(json), hasPrompt)).toBe(shape)
  })

  it.each(['{}', '{"text":"x"}', '{"custom_id":"1"}'])('refuses %s without a prompt', (json) => {
    expect(() => detectShape(rowOf(json), false)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

function rowOf(json: string): Row {
  return { line: 1, json, record: JSON.parse(json) as Record<string, unknown> }
}
