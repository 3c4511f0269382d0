/** Numbers above this are milliseconds: in seconds it would be the year 5138. */
const LARGEST_SECONDS = 1e11

/** Outside of these years it is not a time at which a batch was made or will end, whatever the server meant. */
const EARLIEST_MS = Date.UTC(2000, 0)
const LATEST_MS = Date.UTC(2200, 0)

/**
 * An instant that a server wrote as seconds, milliseconds, digits in a text, or an ISO date; null for anything else, for
 * zero, which stands for "never", and for what lies centuries away: a batch whose date cannot be right is one without a
 * date, and never too old to be ours.
 */
export function instantOf(value: unknown): Date | null {
  if (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value)) return instantOf(Number(value))
  if (typeof value === 'number') {
    if (!(value > 0)) return null
    return validDate(new Date(value > LARGEST_SECONDS ? value : value * 1_000))
  }
  // The parser itself makes a date of nearly any text that ends in a number.
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) ? validDate(new Date(value)) : null
}

function validDate(date: Date): Date | null {
  return date.getTime() >= EARLIEST_MS && date.getTime() < LATEST_MS ? date : null
}
