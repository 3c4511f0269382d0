/** The sum of numbers some of which may be unknown: unknown (null) as soon as one of them is, and 0 for none. */
export function sumKnown(numbers: readonly (number | null)[]): number | null {
  let sum = 0
  for (const number of numbers) {
    if (number === null) return null
    sum += number
  }
  return sum
}

/**
 * A number for people, with commas between its thousands and at most three decimals: `50,000`. What JavaScript has for this
 * loads the rules of languages first: about ten milliseconds of every command.
 */
export function grouped(value: number): string {
  const [whole = '', decimals] = String(Math.round(value * 1_000) / 1_000).split('.')
  const withCommas = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  return decimals === undefined ? withCommas : `${withCommas}.${decimals}`
}
