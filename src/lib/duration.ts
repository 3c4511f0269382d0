/** Milliseconds of an hour. */
export const HOUR_MS = 3_600_000

/** Milliseconds of a day of twenty-four hours. */
export const DAY_MS = 24 * HOUR_MS

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: HOUR_MS, d: DAY_MS }

/** How a duration is written: a number and its unit, without a space. */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** Milliseconds of a duration such as `200ms`, `30s`, `10m`, `1.5h`, `2d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION_PATTERN.exec(text.trim())
  if (!match) return undefined
  const unit = UNITS[match[2] ?? '']
  return unit === undefined ? undefined : Math.round(Number(match[1]) * unit)
}

/** A whole number of milliseconds as `parseDuration` reads it, in the largest unit that says it exactly. */
export function exactDuration(milliseconds: number): string {
  const [unit, length] = Object.entries(UNITS).findLast(([, each]) => milliseconds % each === 0) ?? ['ms', 1]
  return `${milliseconds / length}${unit}`
}

/** A duration for people: `850ms`, `12s`, `4m 10s`, `3h 20m`, `2d 4h`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.max(0, Math.round(milliseconds))}ms`
  const seconds = Math.round(milliseconds / 1_000)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), 'm', seconds % 60, 's')
  if (seconds < 86_400) return pair(Math.floor(seconds / 3_600), 'h', Math.floor((seconds % 3_600) / 60), 'm')
  return pair(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3_600), 'h')
}

function pair(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${unit}` : `${large}${unit} ${small}${smallUnit}`
}
