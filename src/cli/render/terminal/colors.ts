import picocolors from 'picocolors'

/** Functions that colour text, or leave it as it is. */
export type Colors = ReturnType<typeof picocolors.createColors>

/**
 * Colours for a stream: on for a terminal, off for anything else, as `NO_COLOR` and `FORCE_COLOR` demand
 * (no-color.org, force-color.org), and off for a terminal that calls itself dumb.
 */
export function colorsFor(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment
  if (NO_COLOR || FORCE_COLOR === '0') return picocolors.createColors(false)
  return picocolors.createColors(Boolean(FORCE_COLOR) || (stream.isTTY === true && TERM !== 'dumb'))
}
