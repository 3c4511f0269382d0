import { type Defect, defect, shownBy } from './defect.ts'

const FREEZE = 'src/run/freeze.ts'
const REASKS = 'src/store/reasks.ts'

/** Defects of what is not bought anew: answers carried over, requests that rows share, and second questions. */
export const ANSWER_DEFECTS: readonly Defect[] = [
  defect('a row that is carried over is sent as well', FREEZE, [
    '      if (request && !origin) await',
    "      if (request && origin?.from !== 'row') await",
  ]),
  defect('carried answers are joined to the wrong rows', 'src/run/origins.ts', [
    '      const answer = answers[index]\n',
    '      const answer = answers.at(-1 - index)\n',
  ]),
  defect('carried answers are not forced to disk', 'src/run/carried-writer.ts', ['    await batch.file.sync()\n', '']),
  defect('answers that were cut off are carried over', 'src/store/answers.ts', [
    "n.state = 'succeeded' and",
    "n.state in ('succeeded', 'truncated') and",
  ]),
  defect('the answer of a shared request is given to its first row only', FREEZE, [
    "    const shares = origin?.from === 'row' ? origin.request : null\n",
    '    const shares = null\n',
  ]),
  defect(
    'a request that rows share is sent for each of them',
    FREEZE,
    ['      if (request && !origin) await', "      if (request && origin?.from !== 'run') await"],
    ["    const shares = origin?.from === 'row' ? origin.request : null\n", '    const shares = null\n'],
  ),
  defect('requests are told apart by their target alone', 'src/request/identity.ts', [
    'this.#last.key + body',
    'this.#last.key',
  ]),
  defect('a row is asked again once more than it may', REASKS, ['and q.turn < coalesce(', 'and q.turn <= coalesce(']),
  shownBy(
    'asked again at mistral, death at step 126',
    defect('a second question is planned in two transactions', REASKS, [
      '  driver.run(\n    `update requests set rows = 0\n',
      "  driver.script('commit')\n  driver.script('begin immediate')\n  driver.run(\n    `update requests set rows = 0\n",
    ]),
  ),
  shownBy(
    'seed 112',
    defect('a second question that brings nothing takes the place of the answer', 'src/store/results.ts', [
      "requests.turn > 0 and r.status not in ('succeeded', 'invalid')",
      'requests.turn < 0',
    ]),
  ),
]
