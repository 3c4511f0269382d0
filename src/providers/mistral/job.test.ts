import { describe, expect, it } from 'vitest'
import { mistralJobSchema, mistralStatus } from './job.ts'

const schema = mistralJobSchema([])
const JOB = {
  id: 'f2b8-1',
  object: 'batch',
  input_files: ['0c4c-in'],
  metadata: { llm_batch_nonce: 'n' },
  endpoint: '/v1/chat/completions',
  model: 'mistral-small-latest',
  output_file: '0c4c-out',
  error_file: null,
  errors: [],
  status: 'SUCCESS',
  created_at: 1_763_900_000,
  total_requests: 3,
  completed_requests: 3,
  succeeded_requests: 2,
  failed_requests: 1,
}

describe('mistralStatus', () => {
  it.each([
    ['QUEUED', 'queued'],
    ['RUNNING', 'in_progress'],
    ['SUCCESS', 'completed'],
    ['FAILED', 'failed'],
    ['TIMEOUT_EXCEEDED', 'expired'],
    ['CANCELLATION_REQUESTED', 'cancelling'],
    ['CANCELLED', 'cancelled'],
    ['success', 'completed'],
    ['EXPIRED', undefined],
  ])('reads %s as %s', (word, expected) => {
    expect(mistralStatus(word)).toBe(expected)
  })
})

describe('a job of Mistral', () => {
  it('is read whole', () => {
    expect(schema.parse(JOB)).toEqual({
      id: 'f2b8-1',
      status: 'completed',
      rawStatus: 'SUCCESS',
      isStatusUnknown: false,
      endpoint: '/v1/chat/completions',
      model: 'mistral-small-latest',
      inputFileId: '0c4c-in',
      metadata: { llm_batch_nonce: 'n' },
      counts: { total: 3, completed: 2, failed: 1 },
      results: [{ id: '0c4c-out', role: 'output' }],
      errors: [],
      createdAt: new Date('2025-11-23T12:13:20Z'),
      expiresAt: null,
    })
  })

  it('tells of added-up errors without a line', () => {
    const errors = [
      { message: 'Invalid model', count: 12 },
      { message: 'Other', count: 1 },
    ]
    expect(schema.parse({ ...JOB, errors }).errors).toEqual([
      { code: null, message: 'Invalid model (12 times)', line: null, queueFull: null },
      { code: null, message: 'Other', line: null, queueFull: null },
    ])
  })

  it.each([
    ['an inline job', { input_files: [] }, { inputFileId: null }],
    ['no metadata', { metadata: undefined }, { metadata: {} }],
    ['empty objects for files', { output_file: {}, error_file: {} }, { results: [] }],
    ['empty texts for files', { output_file: '', error_file: '' }, { results: [] }],
    [
      'a file as an object',
      { output_file: { id: 'f-1' }, error_file: null },
      { results: [{ id: 'f-1', role: 'output' }] },
    ],
    ['a word never seen', { status: 'PAUSED' }, { status: 'in_progress', isStatusUnknown: true }],
  ])('tolerates %s', (_, change, expected) => {
    expect(schema.parse({ ...JOB, ...change })).toMatchObject(expected)
  })
})
