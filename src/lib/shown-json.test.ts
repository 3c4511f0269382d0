import { describe, expect, it } from 'vitest'
import { shownJson } from './shown-json.ts'

describe('JSON for people', () => {
  it.each([
    [[0.01, -0.02, 0.03], '[0.01, -0.02, 0.03]'],
    [Array.from({ length: 1_536 }, (_, place) => place / 7), '[0, 0.1429, 0.2857, … 1,536 numbers]'],
    [[Array.from({ length: 9 }, () => 1), [5]], '[[1, 1, 1, … 9 numbers], [5]]'],
    [['a', 'b', 'c', 'd'], '["a", "b", "c", "d"]'],
    [['a', 'b', 'c', 'd', 'e'], '["a", "b", "c", … 5 entries]'],
    [{ flagged: true, scores: { a: 0.5 } }, '{"flagged": true, "scores": {"a": 0.5}}'],
    [null, 'null'],
    [[], '[]'],
  ])('shortens %j', (value, text) => {
    expect(shownJson(value, 3)).toBe(text)
  })

  it('shows lists whole where nothing else is asked for, and does not follow endless nesting', () => {
    expect(shownJson(['a', 'b', 'c', 'd', 'e'])).toBe('["a", "b", "c", "d", "e"]')
    expect(shownJson(JSON.parse('['.repeat(1_000) + ']'.repeat(1_000)))).toBe(`${'['.repeat(21)}…${']'.repeat(21)}`)
  })
})
