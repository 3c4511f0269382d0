import { describe, expect, it } from 'vitest'
import { nearMatches } from './near-match.ts'

describe('nearMatches', () => {
  const names = ['poll', 'pollMost', 'settle', 'unfenced', 'http', 'retryBackoff']

  it.each([
    ['pol', ['poll']],
    ['Poll', ['poll']],
    ['opll', ['poll']],
    ['setle', ['settle']],
    ['retrybackof', ['retryBackoff']],
    ['entirely', []],
    ['htpp', ['http']],
  ])('%s may have meant %j', (word, expected) => {
    expect(nearMatches(word, names)).toEqual(expected)
  })

  it('names the nearest first', () => {
    expect(nearMatches('target', ['targeted', 'targets'])).toEqual(['targets', 'targeted'])
  })

  it('gives three at most', () => {
    expect(nearMatches('row', ['rows', 'raw', 'low', 'bow'])).toHaveLength(3)
  })
})
