/** A whole number for people: `50,000`. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** A number with its noun: `1 row`, `2 rows`, `3 batches`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

const SIZES = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const

/** A large number in little room: `1.2 M`, `42 k`; below ten thousand it is written out. */
export function short(value: number): string {
  const [size, letter] = SIZES.find(([least]) => value >= least) ?? [1, '']
  if (value < 10_000) return count(value)
  const amount = value / size
  return `${amount < 100 ? Number(amount.toPrecision(2)) : Math.round(amount)} ${letter}`
}

/** `52%`, rounded down, so that 100% means all; what is there is never `0%`. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '0%'
  return part > 0 && part * 100 < whole ? 'under 1%' : `${Math.floor((100 * part) / whole)}%`
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB'] as const

/** Bytes for people, in powers of 1,000: `512 bytes`, `1.5 MB`. */
export function bytes(value: number): string {
  if (value < 1_000) return counted(value, 'byte')
  const power = Math.min(BYTE_UNITS.length, Math.floor(Math.log10(value) / 3))
  const amount = value / 1_000 ** power
  return `${amount < 10 ? amount.toFixed(1) : count(Math.round(amount))} ${BYTE_UNITS[power - 1]}`
}

/** US dollars: cents from one cent up, three significant digits below; `unknown` for null, which is not zero. */
export function dollars(amount: number | null): string {
  if (amount === null) return 'unknown'
  if (amount === 0 || amount >= 0.01) return amount.toLocaleString('en-US', { style: 'currency', currency: 'USD' })
  return amount < 0.000001 ? 'under $0.000001' : `$${Number(amount.toPrecision(3)).toFixed(9).replace(/0+$/, '')}`
}
