/** Signals by which people and systems end a program, and the exit codes that shells expect after them. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/** Exit code of Node where the program waits for something that will not happen any more. */
const UNSETTLED = 13

/**
 * Calls `tell` when the process is about to end, by itself or by a signal that the program does not listen to, and ends a
 * process that has not failed with the code that it returns, where it returns one. Returns what takes that back.
 */
export function beforeProcessEnds(tell: () => number | undefined): () => void {
  const onExit = (code: number): void => {
    const wanted = tell()
    if (wanted !== undefined && (code === 0 || code === UNSETTLED)) process.exitCode = wanted
  }
  const onSignal = (signal: keyof typeof SIGNALS): void => {
    // A program that listens itself decides what its signal means.
    if (process.listenerCount(signal) === 1) process.exit(SIGNALS[signal])
  }
  process.on('exit', onExit)
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal)
  return () => {
    process.off('exit', onExit)
    for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal)
  }
}
