import { describe, expect, it } from 'vitest'
import type { ImageUse } from '../facts.ts'
import { imageTokens } from './image-tokens.ts'

describe('imageTokens', () => {
  const size = (width: number, height: number) => ({ width, height })
  it.each<[string, Partial<ImageUse>, number]>([
    ['a square in high detail', { size: size(1_024, 1_024), detail: 'high' }, 765],
    ['a tall picture that is shrunk twice', { size: size(2_048, 4_096), detail: 'high' }, 1_105],
    ['a picture in low detail, however large', { size: size(4_096, 8_192), detail: 'low' }, 85],
    ['a small picture, which is not enlarged', { size: size(500, 500), detail: 'high' }, 255],
    ['a picture whose size is unknown', { size: null, detail: null }, 1_445],
    ['gpt-5.4', { model: 'gpt-5.4-2026-03-05', size: size(1_024, 1_024), detail: 'auto' }, 630],
    ['gpt-5.4-mini', { model: 'gpt-5.4-mini', size: size(1_024, 1_024) }, 1_659],
    ['a fine-tuned gpt-5.4-mini', { model: 'ft:gpt-5.4-mini:acme', size: size(1_024, 1_024) }, 1_659],
    ['gpt-5.4-nano, at the most', { model: 'gpt-5.4-nano', size: size(8_000, 8_000) }, 3_779],
  ])('of %s', (_, use, tokens) => {
    expect(imageTokens({ model: 'gpt-6-sol', detail: null, size: null, ...use })).toBe(tokens)
  })
})
