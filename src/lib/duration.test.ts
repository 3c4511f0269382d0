import { describe, expect, it } from 'vitest'
import { exactDuration, formatDuration, parseDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['200ms', 200],
    ['30s', 30_000],
    [' 10m ', 600_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['0s', 0],
  ])('reads %j as %i ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each(['', '5', 's', '-1s', '1 s', '1w', '1e3s', '5S', '1s2'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [-5, '0ms'],
    [850.4, '850ms'],
    [12_300, '12s'],
    [59_600, '1m'],
    [250_000, '4m 10s'],
    [3_600_000, '1h'],
    [12_000_000, '3h 20m'],
    [187_200_000, '2d 4h'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text)
  })
})

describe('exactDuration', () => {
  it.each([
    [72_000_000, '20h'],
    [172_800_000, '2d'],
    [90_000, '90s'],
    [1, '1ms'],
    [1_500, '1500ms'],
  ])('writes %i ms as %s, which is read as the same', (milliseconds, text) => {
    expect(exactDuration(milliseconds)).toBe(text)
    expect(parseDuration(text)).toBe(milliseconds)
  })
})
