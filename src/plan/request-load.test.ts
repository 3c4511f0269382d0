import { describe, expect, it } from 'vitest'
import { vectorLoad } from './request-load.ts'

const load = (body: object) =>
  vectorLoad('openai', 1_000)(Buffer.from(JSON.stringify({ custom_id: 'b0000000000000000', method: 'POST', body })))

describe('vectorLoad', () => {
  it.each<[body: object, inputs: number, outputBytes: number]>([
    [{ input: 'one text' }, 1, 22_000],
    [{ input: ['a', 'b', 'c'] }, 3, 66_000],
    [{ input: [17, 4, 9] }, 1, 22_000],
    [{ input: [[17, 4], [9]] }, 2, 44_000],
    [{ input: 'x', dimensions: 256 }, 1, 5_632],
    [{ input: 'x', output_dimension: 10 }, 1, 220],
    [{ input: 'x', dimensions: 'many' }, 1, 22_000],
    [{ input: 'x', encoding_format: 'base64' }, 1, 5_340],
    [{}, 1, 22_000],
  ])('of %j is %i inputs and %i bytes', (body, inputs, outputBytes) => {
    expect(load(body)).toEqual({ inputs, outputBytes })
  })
})
