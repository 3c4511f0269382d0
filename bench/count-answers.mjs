import { closeSync, openSync, readSync } from 'node:fs'

const LINE_FEED = 0x0a
const ANSWER_MARK = Buffer.from('[simulated]')

/**
 * Throws where a road left something out: it would be fast for the wrong reason.
 * @param {string} name
 * @param {number} rows
 * @param {number} rowsBilled
 * @param {string} path The answers.
 */
export function assertWhole(name, rows, rowsBilled, path) {
  const { answers, lines } = countAnswers(path)
  if (rowsBilled === rows && lines === rows && answers === rows) return
  throw new Error(`${name}: ${rowsBilled} rows billed, ${lines} lines and ${answers} answers for ${rows} rows`)
}

function countAnswers(path) {
  const file = openSync(path, 'r')
  const buffer = Buffer.allocUnsafe(1 << 22)
  let [answers, lines, kept] = [0, 0, 0]
  for (;;) {
    const read = readSync(file, buffer, kept, buffer.length - kept, null)
    if (read === 0) break
    const end = buffer.subarray(0, kept + read).lastIndexOf(LINE_FEED) + 1
    const whole = buffer.subarray(0, end)
    for (let at = whole.indexOf(LINE_FEED); at >= 0; at = whole.indexOf(LINE_FEED, at + 1)) lines += 1
    for (let at = whole.indexOf(ANSWER_MARK); at >= 0; at = whole.indexOf(ANSWER_MARK, at + 1)) answers += 1
    buffer.copyWithin(0, end, kept + read)
    kept = kept + read - end
  }
  closeSync(file)
  return { answers, lines }
}
