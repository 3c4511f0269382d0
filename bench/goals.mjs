/**
 * The goals of the design. A goal looks at one measure of one case: at a ratio to a floor of the same run, or at time or
 * bytes by themselves. Nothing is added for the mood of the machine: `bench:check` is for one with nothing else to do.
 */
const GOALS = [
  { title: '50,000 rows of 1 KB', measure: 'whole road', what: 'time', to: 'naive', most: 0.8 },
  { title: '50,000 rows of 1 KB', measure: 'whole road', what: 'time', to: 'bare', most: 1.7 },
  { title: '50,000 rows of 1 KB', measure: 'whole road', what: 'memory', to: 'bare', most: 1.2 },
  { title: '50,000 rows of 4 KB', measure: 'whole road', what: 'time', to: 'naive', most: 0.25 },
  { title: '50,000 rows of 4 KB', measure: 'whole road', what: 'time', to: 'bare', most: 1.7 },
  { title: '1,000,000 rows of 1 KB', measure: 'whole road', what: 'time', to: 'bare', most: 1.4 },
  { title: '1,000,000 rows of 1 KB', measure: 'whole road', what: 'memory', to: 'bare', most: 1 },
  // 25 microseconds a row.
  { title: '10,000,000 rows of 200 bytes', measure: 'both', mostSeconds: 250 },
  { title: '10,000,000 rows of 200 bytes', measure: 'both', mostCatalogMegabytes: 5 },
  { title: 'a home with 100,000,000 requests', measure: 'status', mostSeconds: 0.5 },
  { title: 'an empty home', measure: 'status', mostSeconds: 0.12 },
  { title: '--help', measure: 'start', mostSeconds: 0.15 },
  { title: 'plan of 50,000 rows', measure: 'plan, tokens by bytes', mostSeconds: 2 },
  { title: 'resume of 1,000,000 rows', measure: 'to the first poll', mostSeconds: 5 },
]

/** How much longer than twenty times 50,000 rows a million may take. */
const MOST_TIME_GROWTH = 1.15

/**
 * Tells which goals were reached, and how near the others came; true where all were that were measured.
 * @param {readonly import('./summary.mjs').Result[]} results
 */
export function checkGoals(results) {
  const verdicts = [...GOALS.flatMap((goal) => judge(goal, results)), ...growth(results)]
  for (const { isReached, text } of verdicts) console.log(`${isReached ? 'reached' : 'MISSED '} ${text}`)
  if (verdicts.length === 0) console.log('none of the measures with a goal was taken')
  return verdicts.length > 0 && verdicts.every(({ isReached }) => isReached)
}

function judge({ measure, most, mostCatalogMegabytes, mostSeconds, title, to, what }, results) {
  const result = results.find((one) => one.title === title)
  const ours = result?.medians.find((one) => one.measure === measure && one.name === 'ours')?.median
  if (ours === undefined) return []
  const name = `${title}, ${measure}`
  if (most !== undefined) {
    const ratio = result.ratios.find((one) => one.measure === measure && one.to === to)
    if (!ratio) return []
    // What else runs on the machine lengthens time, and processor time less.
    const beside = what === 'time' ? ` (processor time ${ratio.processor.toFixed(2)} x)` : ''
    return [verdict(`${name}, ${what} to ${to}`, ratio[what], most, 'x', beside)]
  }
  if (mostSeconds !== undefined) return [verdict(name, ours.milliseconds / 1_000, mostSeconds, 's')]
  return [verdict(`${name}, catalog`, ours.catalogBytes / 1e6, mostCatalogMegabytes, 'MB')]
}

/** A million rows beside fifty thousand. */
function growth(results) {
  const ours = (title) =>
    results
      .find((one) => one.title === title)
      ?.medians.find(({ measure, name }) => measure === 'whole road' && name === 'ours')?.median
  const [small, large] = [ours('50,000 rows of 1 KB'), ours('1,000,000 rows of 1 KB')]
  if (small === undefined || large === undefined) return []
  const times = large.processorMilliseconds / small.processorMilliseconds / 20
  return [verdict('cpu of 1,000,000 rows to twenty times that of 50,000', times, MOST_TIME_GROWTH, 'x')]
}

function verdict(what, value, most, unit, beside = '') {
  return { isReached: value <= most, text: `${what}: ${value.toFixed(2)} ${unit}, goal ${most} ${unit}${beside}` }
}
