import { describe, expect, it } from 'vitest'
import { openAIBatchSchema, openAIStatus } from './batch.ts'

const schema = openAIBatchSchema([])
const BATCH = {
  id: 'batch_abc',
  object: 'batch',
  endpoint: '/v1/chat/completions',
  model: 'gpt-6.1-terra-2026-08-07',
  errors: null,
  input_file_id: 'file-in',
  completion_window: '24h',
  status: 'completed',
  output_file_id: 'file-out',
  error_file_id: 'file-err',
  created_at: 1_763_900_000,
  expires_at: 1_763_986_400,
  request_counts: { total: 3, completed: 2, failed: 1 },
  metadata: { llm_batch_nonce: 'n' },
}

describe('openAIStatus', () => {
  it.each([
    ['validating', 'queued'],
    ['in_progress', 'in_progress'],
    ['finalizing', 'finalizing'],
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['expired', 'expired'],
    ['cancelling', 'cancelling'],
    ['cancelled', 'cancelled'],
    ['COMPLETED', 'completed'],
    ['pre_schedule', undefined],
    ['complete', undefined],
    ['', undefined],
  ])('reads %s as %s', (word, expected) => {
    expect(openAIStatus(word)).toBe(expected)
  })
})

describe('a batch of OpenAI', () => {
  it('is read whole', () => {
    expect(schema.parse(BATCH)).toEqual({
      id: 'batch_abc',
      status: 'completed',
      rawStatus: 'completed',
      isStatusUnknown: false,
      endpoint: '/v1/chat/completions',
      model: 'gpt-6.1-terra-2026-08-07',
      inputFileId: 'file-in',
      metadata: { llm_batch_nonce: 'n' },
      counts: { total: 3, completed: 2, failed: 1 },
      results: [
        { id: 'file-out', role: 'output' },
        { id: 'file-err', role: 'error' },
      ],
      errors: [],
      createdAt: new Date('2025-11-23T12:13:20Z'),
      expiresAt: new Date('2025-11-24T12:13:20Z'),
    })
  })

  it('is read from an id and a status alone', () => {
    expect(schema.parse({ id: 'batch_abc', status: 'in_progress' })).toMatchObject({
      status: 'in_progress',
      metadata: {},
      counts: null,
      results: [],
      errors: [],
      createdAt: null,
    })
  })

  it('is read out of the wrapping that some servers create it with', () => {
    expect(schema.parse({ job: BATCH, warning: null }).id).toBe('batch_abc')
  })

  it.each([
    [
      'a status never seen',
      { status: 'pre_schedule' },
      { status: 'in_progress', rawStatus: 'pre_schedule', isStatusUnknown: true },
    ],
    ['no status', { status: null }, { status: 'in_progress', rawStatus: '', isStatusUnknown: true }],
    ['empty file ids', { output_file_id: '', error_file_id: '' }, { results: [] }],
    ['null file ids', { output_file_id: null, error_file_id: null }, { results: [] }],
    ['empty objects for file ids', { output_file_id: {}, error_file_id: {} }, { results: [] }],
    [
      'objects that hold the file ids',
      { output_file_id: { id: 'file-1', bytes: 7 }, error_file_id: { id: null } },
      { results: [{ id: 'file-1', role: 'output' }] },
    ],
    [
      'file objects in place of ids',
      {
        output_file_id: undefined,
        error_file_id: null,
        output_file: { id: 'file-1' },
        error_file: 'https://x.example/f',
      },
      { results: [{ id: 'file-1', role: 'output' }] },
    ],
    ['absent file ids', { output_file_id: undefined, error_file_id: undefined }, { results: [] }],
    ['null metadata', { metadata: null }, { metadata: {} }],
    ['metadata of other kinds', { metadata: { a: 1, b: 'x' } }, { metadata: { b: 'x' } }],
    ['null counts', { request_counts: null }, { counts: null }],
    [
      'dates as text',
      { created_at: '2025-11-23T12:13:20Z', expires_at: '' },
      { createdAt: new Date('2025-11-23T12:13:20Z'), expiresAt: null },
    ],
  ])('tolerates %s', (_, change, expected) => {
    expect(schema.parse({ ...BATCH, ...change })).toMatchObject(expected)
  })

  it.each([
    [
      'an OpenAI list',
      { object: 'list', data: [{ code: 'invalid_json_line', message: 'not JSON', line: 3, param: null }] },
      [{ code: 'invalid_json_line', message: 'not JSON', line: 3 }],
    ],
    [
      'a list',
      [{ message: 'a' }, { message: 'b', line: null }],
      [
        { message: 'a', line: null },
        { message: 'b', line: null },
      ],
    ],
    ['a text', 'no such model', [{ code: null, message: 'no such model', line: null }]],
    ['nothing', { object: 'list', data: [] }, []],
  ])('gives its errors as they are: %s', (_, errors, expected) => {
    const parsed = schema.parse({ ...BATCH, errors }).errors
    expect(parsed).toHaveLength(expected.length)
    expect(parsed).toMatchObject(expected)
  })

  it.each([
    ['no id', { id: undefined }],
    ['an id that is no id', { id: '../files' }],
    ['an id that is a number', { id: 7 }],
    ['an output file that is a URL', { output_file_id: 'https://x.example/f' }],
    ['an output file whose id is a path', { output_file_id: { id: '../files' } }],
    ['an error file that is a list', { error_file_id: ['file-1'] }],
    ['a status that is no text', { status: 7 }],
  ])('is refused with %s', (_, change) => {
    expect(schema.safeParse({ ...BATCH, ...change }).success).toBe(false)
  })
})
