import { grouped } from '../../../lib/number.ts'
/** A whole number for people: `50,000`. */
export function count(value: number): string {
  return grouped(value)
}

/** A number with its noun: `1 row`, `2 rows`, `3 batches`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

/** `52%`, rounded down, so that 100% means all; `0%` of nothing. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.floor((100 * part) / whole)}%`
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB'] as const

/** Bytes for people, in powers of 1,000: `512 bytes`, `1.5 MB`. */
export function bytes(value: number): string {
  if (value < 1_000) return counted(value, 'byte')
  const power = Math.min(BYTE_UNITS.length, Math.floor(Math.log10(value) / 3))
  const amount = value / 1_000 ** power
  return `${amount < 10 ? amount.toFixed(1) : count(Math.round(amount))} ${BYTE_UNITS[power - 1]}`
}
