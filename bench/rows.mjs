import { closeSync, openSync, writeSync } from 'node:fs'

const WORDS = 'the order arrived late and the box was open although nothing inside had been broken so far'.split(' ')
const ROWS_AT_ONCE = 1_000

/**
 * Writes rows as JSON lines: an id, two columns that must be kept, and a text to be asked about. The text has quotes, line
 * breaks and characters of several bytes, as real texts have.
 * @param {string} path
 * @param {number} count
 * @param {number} [rowBytes] About how long a row is.
 */
export function writeRows(path, count, rowBytes = 1_000) {
  const textCharacters = Math.max(20, rowBytes - 100)
  const file = openSync(path, 'w')
  for (let first = 0; first < count; first += ROWS_AT_ONCE) {
    const last = Math.min(count, first + ROWS_AT_ONCE)
    let text = ''
    for (let index = first; index < last; index += 1) text += `${JSON.stringify(rowAt(index, textCharacters))}\n`
    writeSync(file, text)
  }
  closeSync(file)
}

function rowAt(index, textCharacters) {
  let text = `Ticket ${index}: "urgent"\n`
  for (let word = 0; text.length < textCharacters; word += 1) text += `${WORDS[(index * 7 + word * 3) % WORDS.length]} `
  return { id: `row-${index}`, customer: { number: index % 977, country: 'CH' }, text: `${text}– merci, à bientôt` }
}
