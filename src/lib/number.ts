/** The sum of numbers some of which may be unknown: unknown (null) as soon as one of them is, and 0 for none. */
export function sumKnown(numbers: readonly (number | null)[]): number | null {
  let sum = 0
  for (const number of numbers) {
    if (number === null) return null
    sum += number
  }
  return sum
}
