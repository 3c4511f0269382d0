/** True for a failure that the system reports, such as ENOSPC or ECONNRESET; false for a fault of a program or its input. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^E[A-Z\d]+$/.test(String(error.code))
}
