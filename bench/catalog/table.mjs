/**
 * Lines of a table for people, its first column to the left and the others to the right.
 * @param {readonly (readonly string[])[]} rows The first of them its head.
 */
export function table(rows) {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ')
  return `\n${rows.map(line).join('\n')}\n`
}
