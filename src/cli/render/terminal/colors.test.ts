import { describe, expect, it } from 'vitest'
import { colorsFor } from './colors.ts'

describe('colours', () => {
  it.each([
    ['on in a terminal', true, {}, true],
    ['off elsewhere', false, {}, false],
    ['off in a dumb terminal', true, { TERM: 'dumb' }, false],
    ['on elsewhere where they are forced', false, { FORCE_COLOR: '1' }, true],
    ['off where 0 is forced', true, { FORCE_COLOR: '0' }, false],
    ['off where they are not wanted, even if forced', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['on where the wish is empty', true, { NO_COLOR: '' }, true],
  ])('are %s', (_, isTTY, environment, expected) => {
    expect(colorsFor({ isTTY }, environment).red('x') !== 'x').toBe(expected)
  })
})
