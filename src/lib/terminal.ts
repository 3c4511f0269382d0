import { plainText } from './plain-text.ts'

/**
 * Writes one line to the process's stderr, so that stdout stays free for data. For parts of the library that tell a
 * person what they do unless they were given another place to tell it.
 */
export function writeToStderr(line: string): void {
  process.stderr.write(`${plainText(line)}\n`)
}
