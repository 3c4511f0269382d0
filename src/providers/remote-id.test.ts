import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRemoteId, path } from './remote-id.ts'

describe('a remote id', () => {
  it.each(['file-abc123', 'batch_6924f1a0b4c8', '0c4cb42d-2f6b-4b6e-7a0e', 'msgbatch:1', 'a..b', 'x'.repeat(256)])(
    'may be %s',
    (id) => {
      expect(isRemoteId(id)).toBe(true)
    },
  )

  it.each([
    '',
    '.',
    '..',
    '...',
    'a/b',
    '../a',
    'a%2e',
    'a b',
    'a?b',
    'a#b',
    'a\\b',
    'a\u0000',
    'é',
    'a\n',
    'x'.repeat(257),
  ])('may not be %j', (id) => {
    expect(isRemoteId(id)).toBe(false)
    expect(() => path`/files/${id}`).toThrow(/is not an id/)
  })

  it('is refused or stays in its place in a path, whatever it is', () => {
    const pieces = constantFrom(
      '.',
      '..',
      '/',
      '\\',
      '%',
      '%2e',
      '?',
      '#',
      ':',
      ';',
      '@',
      'a',
      '-',
      ' ',
      '\u0000',
      '\u2028',
    )
    assert(
      property(array(pieces, { maxLength: 6 }), (parts) => {
        const id = parts.join('')
        const url = isRemoteId(id) ? new URL(`https://api.example/v1${path`/files/${id}/content`}`) : undefined
        expect(url?.href ?? 'refused').toBe(
          url ? `https://api.example/v1/files/${encodeURIComponent(id)}/content` : 'refused',
        )
        expect(url?.pathname.split('/').length ?? 5).toBe(5)
      }),
    )
  })
})
