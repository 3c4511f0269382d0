/** A share with the interval that holds the true one in 95 of 100 such samples. */
export interface Share {
  readonly part: number
  readonly whole: number
  /** Between 0 and 1; all three are 0 where there is nothing to share. */
  readonly value: number
  readonly low: number
  readonly high: number
}

/** The 97.5th percentile of the standard normal distribution. */
const Z = 1.959963984540054

/** The share with Wilson's interval, which holds for few rows and for shares near 0 and 1 too. */
export function shareOf(part: number, whole: number): Share {
  if (whole === 0) return { part, whole, value: 0, low: 0, high: 0 }
  const value = part / whole
  const scale = 1 + Z ** 2 / whole
  const centre = (value + Z ** 2 / (2 * whole)) / scale
  const half = (Z * Math.sqrt((value * (1 - value)) / whole + Z ** 2 / (4 * whole ** 2))) / scale
  return {
    part,
    whole,
    value,
    low: part === 0 ? 0 : Math.max(0, centre - half),
    high: part === whole ? 1 : Math.min(1, centre + half),
  }
}

/**
 * The exact two-sided p-value of McNemar's test: how likely chance alone parts rows on which only one of two is right
 * at least as unevenly as this, if neither were better. 1 where there are no such rows.
 */
export function exactMcNemar(onlyFirst: number, onlySecond: number): number {
  const rows = onlyFirst + onlySecond
  const fewer = Math.min(onlyFirst, onlySecond)
  // In logarithms, because 0.5 ** rows is zero to a computer from 1,075 rows on.
  let logTerm = rows * Math.log(0.5)
  let sum = Math.exp(logTerm)
  for (let place = 1; place <= fewer; place += 1) {
    logTerm += Math.log((rows - place + 1) / place)
    sum += Math.exp(logTerm)
  }
  return Math.min(1, 2 * sum)
}
