import { expect, it } from 'vitest'
import { withCachePrefix, withoutCachePrefix } from './cache-prefix.ts'

it.each(['{"model":"m","n":1.0}', '{"cache_prefix":"mine","n":12345678901234567890}'])(
  'is named in front of %s, and taken away again to the byte',
  (body) => {
    const named = withCachePrefix(body, { messages: 1, characters: 20 })
    expect(JSON.parse(named)).toMatchObject({ n: expect.any(Number) })
    expect(withoutCachePrefix(named)).toBe(body)
    expect(withoutCachePrefix(body)).toBe(body)
  },
)
