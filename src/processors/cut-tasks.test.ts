import { describe, expect, it } from 'vitest'
import { describeProvider } from '../providers/registry.ts'
import type { BatchTask } from './batch-task.ts'
import { cutTasks } from './cut-tasks.ts'

const target = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6-luna' }
const documented = (await describeProvider('openai')).limits(target)

function tasks(...contents: readonly string[]): readonly BatchTask[] {
  return contents.map((content, index) => ({ custom_id: `id-${index}`, body: { content } }))
}

function sizes(given: readonly BatchTask[], batchSize: number, limits: object = {}): readonly number[] {
  return cutTasks({ target, limits: { ...documented, ...limits } }, given, batchSize).map((batch) => batch.length)
}

describe('cutting tasks into batches', () => {
  const ten = tasks(...Array.from({ length: 10 }, () => 'x'))
  const lineBytes = Buffer.byteLength(JSON.stringify(ten[0])) + 1

  it.each([
    ['by the size asked for', ten, 4, {}, [4, 4, 2]],
    ['without an empty one at the end', ten, 5, {}, [5, 5]],
    ['not at all where one holds them', ten, 20_000, {}, [10]],
    ['into none where there are none', [], 5, {}, []],
    ['by what the provider takes at most', ten, 20_000, { maxRequests: 3 }, [3, 3, 3, 1]],
    ['by the bytes of a file', ten, 20_000, { maxBytes: 4 * lineBytes }, [4, 4, 2]],
    ['by bytes and not by characters', tasks('ü'.repeat(50), 'ü'.repeat(50)), 9, { maxBytes: 250 }, [1, 1]],
  ])('cuts %s', (_, given, batchSize, limits, expected) => {
    expect(sizes(given, batchSize, limits)).toEqual(expected)
  })

  it('keeps every task, in order', () => {
    expect(cutTasks({ target, limits: documented }, ten, 3).flat()).toEqual(ten)
  })

  it('names the task that fits into no file, and the id that is used twice', () => {
    expect(() => sizes(tasks('a', 'b'.repeat(100)), 9, { maxBytes: 100 })).toThrow(/position 2 \(id "id-1"\)/)
    expect(() => sizes([...ten, ...ten], 9)).toThrow('the id "id-0" is used twice, at positions 1 and 11')
  })
})
