/**
 * How long a test looks at the books, the store or the output for what it waits for. It only ends what hangs: on a busy
 * machine anything may take ten times as long as alone, and no test is about time.
 */
export const PATIENCE = { timeout: 240_000, interval: 20 }
