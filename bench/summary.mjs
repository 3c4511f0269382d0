/** @typedef {import('./measure.mjs').Measurement} Measurement */

/**
 * Medians of a case by measure and contender, and what ours is of each other contender.
 * @typedef {object} Result
 * @property {string} family
 * @property {string} title
 * @property {readonly { measure: string, name: string, runs: number, median: Measurement }[]} medians
 * @property {readonly { measure: string, to: string, time: number, processor: number, memory: number }[]} ratios
 */

/**
 * @param {import('./cases.mjs').Case} one
 * @param {readonly { name: string, measure: string, measurement: Measurement }[]} taken
 * @returns {Result}
 */
export function summarise({ compared = 'ours', family, title }, taken) {
  const measures = [...new Set(taken.map(({ measure }) => measure))]
  const medians = measures.flatMap((measure) => {
    const names = [...new Set(taken.filter((one) => one.measure === measure).map(({ name }) => name))]
    return names.map((name) => {
      const own = taken.filter((one) => one.measure === measure && one.name === name)
      return { measure, name, runs: own.length, median: medianOf(own.map(({ measurement }) => measurement)) }
    })
  })
  return { family, title, medians, ratios: measures.flatMap((measure) => ratiosOf(measure, medians, compared)) }
}

function ratiosOf(measure, medians, compared) {
  const own = medians.filter((one) => one.measure === measure)
  const ours = own.find(({ name }) => name === compared)
  if (ours === undefined) return []
  return own
    .filter((one) => one !== ours)
    .map(({ median: floor, name }) => ({
      measure,
      to: name,
      time: round(ours.median.milliseconds / floor.milliseconds),
      processor: round(ours.median.processorMilliseconds / floor.processorMilliseconds),
      memory: round(ours.median.peakBytes / floor.peakBytes),
    }))
}

function medianOf(measurements) {
  return {
    milliseconds: Math.round(median(measurements.map(({ milliseconds }) => milliseconds))),
    processorMilliseconds: Math.round(median(measurements.map((one) => one.processorMilliseconds))),
    peakBytes: median(measurements.map(({ peakBytes }) => peakBytes)),
    catalogBytes: median(measurements.map(({ catalogBytes = 0 }) => catalogBytes)),
  }
}

function median(values) {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function round(value) {
  return Math.round(value * 100) / 100
}

const HEAD = ['', 'measure', 'who', 'time', 'cpu', 'memory', 'ours is', 'cpu', 'memory']

/** One row a measure and contender, for people and for Markdown alike. */
function tableRows(results) {
  return results.flatMap(({ medians, ratios, title }) =>
    medians.map(({ measure, median: { milliseconds, peakBytes, processorMilliseconds }, name }, place) => {
      const ratio = ratios.find((one) => one.measure === measure && one.to === name)
      const times = (value) => (value === undefined ? '' : `${value.toFixed(2)} x`)
      return [
        place === 0 ? title : '',
        medians[place - 1]?.measure === measure ? '' : measure,
        name,
        seconds(milliseconds),
        seconds(processorMilliseconds),
        `${Math.round(peakBytes / 1e6)} MB`,
        times(ratio?.time),
        times(ratio?.processor),
        times(ratio?.memory),
      ]
    }),
  )
}

/** The results for people. */
export function renderTables({ cores, node, runs }, results) {
  const lines = [HEAD, ...tableRows(results)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  )
  return [`Medians of up to ${runs} runs, Node ${node}, ${cores} cores`, '', ...text].join('\n')
}

/** The results as a table in Markdown. */
export function markdownTable(results) {
  const row = (cells) => `| ${cells.join(' | ')} |`
  return [row(HEAD), row(HEAD.map(() => '---')), ...tableRows(results).map(row)].join('\n')
}

function seconds(milliseconds) {
  return `${(milliseconds / 1_000).toFixed(2)} s`
}
