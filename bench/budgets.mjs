/**
 * The numbers of the design, with what a noisy machine may add. A budget looks at one measure of one case: at a ratio to
 * a floor of the same run, or at time or memory by themselves.
 */
const BUDGETS = [
  { title: '50,000 rows of 1 KB', measure: 'prepare + submit', to: 'bare', most: 1.3 },
  { title: '50,000 rows of 1 KB', measure: 'whole road', to: 'bare', most: 1.3 },
  { title: '50,000 rows of 1 KB', measure: 'whole road', mostMegabytes: 170 },
  { title: '--help', measure: 'start', mostSeconds: 0.15 },
  { title: 'plan of 50,000 rows', measure: 'plan, tokens by bytes', mostSeconds: 2 },
  { title: 'resume of 1,000,000 rows', measure: 'to the first poll', mostSeconds: 5 },
]

/** Times of a process that is alone on its machine still differ by so much from run to run. */
const MARGIN = 1.15

/** How much more memory a run of 1,000,000 rows may take than one of 50,000. */
const MOST_GROWTH = 1.15

/** How much longer it may take than twenty times as long. */
const MOST_TIME_GROWTH = 1.15

/**
 * Tells which budgets were kept; true where all were that were measured.
 * @param {readonly import('./summary.mjs').Result[]} results
 */
export function checkBudgets(results) {
  const verdicts = [...BUDGETS.flatMap((budget) => judge(budget, results)), ...growth(results)]
  for (const { isKept, text } of verdicts) console.log(`${isKept ? 'kept  ' : 'MISSED'} ${text}`)
  if (verdicts.length === 0) console.log('none of the measures with a budget was taken')
  return verdicts.length > 0 && verdicts.every(({ isKept }) => isKept)
}

function judge({ measure, most, mostMegabytes, mostSeconds, title, to }, results) {
  const result = results.find((one) => one.title === title)
  const ours = result?.medians.find((one) => one.measure === measure && one.name === 'ours')?.median
  if (ours === undefined) return []
  const what = `${title}, ${measure}`
  if (most !== undefined) {
    const ratio = result.ratios.find((one) => one.measure === measure && one.to === to)
    // Processor time is compared: what else runs on the machine lengthens the other one.
    return ratio ? [verdict(`${what}, cpu to ${to}`, ratio.processor, most, 'x')] : []
  }
  if (mostSeconds !== undefined) return [verdict(what, ours.milliseconds / 1_000, mostSeconds, 's')]
  return [verdict(`${what}, memory`, ours.peakBytes / 1e6, mostMegabytes, 'MB')]
}

/** A million rows beside fifty thousand. */
function growth(results) {
  const ours = (title) =>
    results
      .find((one) => one.title === title)
      ?.medians.find(({ measure, name }) => measure === 'whole road' && name === 'ours')?.median
  const [small, large] = [ours('50,000 rows of 1 KB'), ours('1,000,000 rows of 1 KB')]
  if (small === undefined || large === undefined) return []
  return [
    verdict('memory of 1,000,000 rows to that of 50,000', large.peakBytes / small.peakBytes, MOST_GROWTH, 'x', 1),
    verdict(
      'cpu of 1,000,000 rows to twenty times that of 50,000',
      large.processorMilliseconds / small.processorMilliseconds / 20,
      MOST_TIME_GROWTH,
      'x',
    ),
  ]
}

function verdict(what, value, most, unit, margin = MARGIN) {
  const text = `${what}: ${value.toFixed(2)} ${unit}, budget ${most} ${unit}`
  return { isKept: value <= most * margin, text }
}
