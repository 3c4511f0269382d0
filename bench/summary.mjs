/** @typedef {import('./measure.mjs').Measurement} Measurement */

const MEASURES = [
  { key: 'submit', title: 'prepare + submit' },
  { key: 'collect', title: 'collect' },
  { key: 'whole', title: 'whole road' },
]

/**
 * Medians of all runs, by contender and measure. The whole road is the sum of its two halves, its memory the larger.
 * @param {readonly { name: string, submit: Measurement, collect: Measurement }[]} roads
 */
export function summarise(roads) {
  const names = [...new Set(roads.map(({ name }) => name))]
  const results = names.map((name) => {
    const own = roads.filter((road) => road.name === name).map((road) => ({ ...road, whole: whole(road) }))
    return { name, ...Object.fromEntries(MEASURES.map(({ key }) => [key, medianOf(own.map((road) => road[key]))])) }
  })
  const ours = results.find(({ name }) => name === 'ours')
  const ratios = ours === undefined ? [] : results.filter((one) => one !== ours).map((floor) => ratioOf(ours, floor))
  return { results, ratios }
}

function whole({ submit, collect }) {
  return {
    milliseconds: submit.milliseconds + collect.milliseconds,
    processorMilliseconds: submit.processorMilliseconds + collect.processorMilliseconds,
    peakBytes: Math.max(submit.peakBytes, collect.peakBytes),
  }
}

function medianOf(measurements) {
  return {
    milliseconds: Math.round(median(measurements.map(({ milliseconds }) => milliseconds))),
    processorMilliseconds: Math.round(median(measurements.map((one) => one.processorMilliseconds))),
    peakBytes: median(measurements.map(({ peakBytes }) => peakBytes)),
  }
}

function median(values) {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function ratioOf(ours, floor) {
  const of = (key) => ({
    time: round(ours[key].milliseconds / floor[key].milliseconds),
    processor: round(ours[key].processorMilliseconds / floor[key].processorMilliseconds),
    memory: round(ours[key].peakBytes / floor[key].peakBytes),
  })
  return { to: floor.name, ...Object.fromEntries(MEASURES.map(({ key }) => [key, of(key)])) }
}

function round(value) {
  return Math.round(value * 100) / 100
}

/** The summary for people. */
export function renderTable({ rows, runs, node, cores }, { results, ratios }) {
  const head = ['', ...MEASURES.map(({ title }) => title)]
  const lines = [
    ...results.map((one) => [one.name, ...MEASURES.map(({ key }) => measured(one[key]))]),
    ...ratios.map((one) => [`ours / ${one.to}`, ...MEASURES.map(({ key }) => compared(one[key]))]),
  ]
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column].length)))
  const text = [head, ...lines].map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  )
  const facts = `${rows.toLocaleString('en-US')} rows of 1 KB, medians of ${runs} runs, Node ${node}, ${cores} cores`
  return [facts, '', ...text].join('\n')
}

function measured({ milliseconds, peakBytes, processorMilliseconds }) {
  const seconds = (value) => (value / 1_000).toFixed(2)
  return `${seconds(milliseconds)} s, ${seconds(processorMilliseconds)} s cpu, ${Math.round(peakBytes / 1e6)} MB`
}

function compared({ memory, processor, time }) {
  return `${time.toFixed(2)} x, ${processor.toFixed(2)} x cpu, ${memory.toFixed(2)} x memory`
}
