import type { ImageSize, ImageUse } from '../facts.ts'

/** Pictures are cut into squares of 512 pixels, each of so many tokens, and there is a part that all have. */
interface TileRule {
  readonly kind: 'tiles'
  readonly base: number
  readonly tile: number
}

/** Pictures are cut into squares of 32 pixels; so many tokens for each of them, up to a number of squares. */
interface PatchRule {
  readonly kind: 'patches'
  readonly tokensPerPatch: number
}

/**
 * OpenAI's rules, from its guide on images (developers.openai.com/api/docs/guides/images-vision, read through copies of
 * 2026; each rule also has measurements by users). The first rule whose names fit counts; other models are counted as
 * gpt-4o. For gpt-5-mini users have measured 1.2 in place of the documented 1.62; the larger number is kept.
 */
const RULES: readonly (readonly [names: RegExp, rule: TileRule | PatchRule])[] = [
  [/^(gpt-4\.1-mini|gpt-5(\.\d)?-mini)/, { kind: 'patches', tokensPerPatch: 1.62 }],
  [/^(gpt-4\.1-nano|gpt-5(\.\d)?-nano)/, { kind: 'patches', tokensPerPatch: 2.46 }],
  [/^o4-mini/, { kind: 'patches', tokensPerPatch: 1.72 }],
  [/^gpt-4o-mini/, { kind: 'tiles', base: 2_833, tile: 5_667 }],
  [/^gpt-5/, { kind: 'tiles', base: 70, tile: 140 }],
  [/^o[13]/, { kind: 'tiles', base: 75, tile: 150 }],
]

const USUAL_RULE: TileRule = { kind: 'tiles', base: 85, tile: 170 }

/** Most squares of 32 pixels that count; larger pictures are shrunk. */
const MOST_PATCHES = 1_536
const PATCH_PIXELS = 32

/** Pictures are shrunk into this square, then until the shorter side has so many pixels. */
const LARGEST_SIDE = 2_048
const SHORTER_SIDE = 768
const TILE_PIXELS = 512

/** Input tokens of an image. */
export function imageTokens({ detail, model, size }: ImageUse): number {
  const name = model.replace(/^ft:/, '')
  const rule = RULES.find(([names]) => names.test(name))?.[1] ?? USUAL_RULE
  if (rule.kind === 'patches') return Math.ceil(patchesOf(size) * rule.tokensPerPatch)
  return detail === 'low' ? rule.base : rule.base + rule.tile * tilesOf(size)
}

function tilesOf(size: ImageSize | null): number {
  if (size === null) return (LARGEST_SIDE / TILE_PIXELS) * Math.ceil(SHORTER_SIDE / TILE_PIXELS)
  const fit = Math.min(1, LARGEST_SIDE / Math.max(size.width, size.height))
  const shrink = fit * Math.min(1, SHORTER_SIDE / (Math.min(size.width, size.height) * fit))
  return (
    Math.ceil(Math.floor(size.width * shrink) / TILE_PIXELS) * Math.ceil(Math.floor(size.height * shrink) / TILE_PIXELS)
  )
}

function patchesOf(size: ImageSize | null): number {
  if (size === null) return MOST_PATCHES
  return Math.min(MOST_PATCHES, Math.ceil(size.width / PATCH_PIXELS) * Math.ceil(size.height / PATCH_PIXELS))
}
