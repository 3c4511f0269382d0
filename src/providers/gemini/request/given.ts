/** True for a value that is there: null means the same as leaving a field out. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
