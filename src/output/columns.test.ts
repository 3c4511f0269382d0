import { describe, expect, it } from 'vitest'
import { columnsIn, USUAL_COLUMNS } from './columns.ts'

const USUAL = [
  'output',
  'status',
  'error',
  'finish_reason',
  'prompt_tokens',
  'completion_tokens',
  'cost_usd',
  'model',
  'id',
  'attempt',
]

const PLAIN = { format: 'jsonl', hasSources: false, hasTurns: false, plan: { raw: false } } as const

describe('our columns', () => {
  it('have fixed names and a fixed order in every file', () => {
    expect(USUAL_COLUMNS).toEqual(USUAL)
    expect(columnsIn(PLAIN)).toEqual(USUAL)
  })

  it('are followed by those that a file needs', () => {
    const file = { ...PLAIN, hasSources: true, hasTurns: true, plan: { raw: true } }
    expect(columnsIn(file)).toEqual([...USUAL, 'source', 'turns', 'earlier', 'raw'])
    expect(columnsIn({ ...file, format: 'csv' })).toEqual([...USUAL, 'source', 'turns', 'raw'])
  })
})
