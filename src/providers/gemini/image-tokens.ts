import type { ImageUse } from '../facts.ts'

/** Tokens that a picture has at most at the resolution which counts where a request names none. */
const TOKENS = 1_120

/** Models that cut pictures into squares; the patterns of their names. */
const TILED = /^(?:models\/)?gemini-(?:1|2)\.\d/
const TILE_TOKENS = 258
/** A picture whose sides are both no longer is one square. */
const SMALL_PIXELS = 384
/** The side of a square lies between these; it is the shorter side of the picture, divided by 1.5. */
const LEAST_TILE_PIXELS = 256
const MOST_TILE_PIXELS = 768
/** Of a picture whose size is unknown: as many squares as a photograph of 12 megapixels has, and some. */
const UNKNOWN_TILES = 30

/**
 * Input tokens of an image by Google's pages on media resolution and on tokens (ai.google.dev/gemini-api/docs, read through
 * copies of 2026): from Gemini 3 on a picture has at most so many at the default resolution; before, it is cut into squares
 * of 258 tokens. How far large pictures are shrunk before that is not documented, so they count as they are.
 */
export function imageTokens({ model, size }: Pick<ImageUse, 'model' | 'size'>): number {
  if (!TILED.test(model)) return TOKENS
  if (size === null) return UNKNOWN_TILES * TILE_TOKENS
  const { height, width } = size
  if (width <= SMALL_PIXELS && height <= SMALL_PIXELS) return TILE_TOKENS
  const unit = Math.floor(Math.min(width, height) / 1.5)
  const side = Math.min(MOST_TILE_PIXELS, Math.max(LEAST_TILE_PIXELS, unit))
  return Math.ceil(width / side) * Math.ceil(height / side) * TILE_TOKENS
}
