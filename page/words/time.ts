/** A duration for people: `12s`, `4m 10s`, `3h 20m`, `2d 4h`; less than a second is `0s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), 'm', seconds % 60, 's')
  if (seconds < 86_400) return pair(Math.floor(seconds / 3_600), 'h', Math.floor((seconds % 3_600) / 60), 'm')
  return pair(Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3_600), 'h')
}

function pair(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${unit}` : `${large}${unit} ${small}${smallUnit}`
}

const DAY_MS = 86_400_000

/** An instant on the user's own clock, with the day where it is not within one of now: `15:04:05`, `28 Nov 15:04`. */
export function clock(at: number, now: number): string {
  const date = new Date(at)
  const isNear = Math.abs(now - at) < DAY_MS && date.getDate() === new Date(now).getDate()
  if (isNear) return date.toLocaleTimeString('en-GB')
  return date.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
}

/** `in 12s`, or `now` for what is due. */
export function until(at: number, now: number): string {
  return at - now < 1_000 ? 'now' : `in ${duration(at - now)}`
}
