// The picture of README shows a terminal; what the command says there, it must still say.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { colorsFor } from '../../src/cli/render/terminal/colors.ts'
import { panelLines } from '../../src/cli/render/terminal/panel-lines.ts'
import { BATCH_PHASES } from '../../src/workspace/progress.ts'
import { expectExit, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { sampleView } from '../support/progress-views.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FLAGS =
  '--model openai/gpt-6.1-terra --prompt {{text}} --field label:billing|bug|sales --max-tokens 60 -o answers.jsonl'.split(
    ' ',
  )

/** Lines that are not the command's: what is typed, what the shell says, how long reading takes on a busy machine. */
const OF_OTHERS = /^(?:\$|Killed$|--field |Reading: )/

/** A text without what differs from run to run: ids, places, numbers, amounts and times. */
function plain(text: string): string {
  return text
    .replace(/\b\w{4}-\d{4}-\d\d-\d\d\b/g, 'RUN')
    .replace(/\S*\/(?=answers\.jsonl|RUN)|[█░]+/g, '')
    .replace('Batches:', '')
    .replace(/\d[\d,.]*(?:ms|[smh]\b)?(?: \d+s)?/g, '#')
    .replace(/\s+(?=[:\s])/g, '')
    .replace(/\s/g, ' ')
    .trim()
}

/** The lines of the terminal in a picture, as text; those of a recording in the order of their places. */
async function linesOf(picture: string): Promise<readonly string[]> {
  const svg = await readFile(join(ROOT, picture), 'utf8')
  return [...svg.matchAll(/<text [^>]*>(.*?)<\/text>/g)].map(([, line = '']) =>
    line
      .replaceAll('</tspan>', ' ')
      .replace(/<[^>]+>/g, '')
      .replaceAll('\u00a0', ' ')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
      .trim(),
  )
}

/** Everything that the command says on the way that the picture shows, and all that a live panel may say. */
async function saidNow(): Promise<string> {
  const world = await openWorld({ config: { canary: { aboveRequests: 20 }, limits: { maxRequests: 10 } } })
  await world.write('tickets.jsonl', questions(30))
  const begun = await typeHere(world, 'run', 'tickets.jsonl', ...FLAGS, '--no-wait')
  expectExit(begun, 75)
  const finished = await typeHere(world, 'run', 'tickets.jsonl', ...FLAGS)
  expectExit(finished, 0)
  const summary = await typeHere(world, 'results', 'last', '--summary')
  const batches = Object.fromEntries(BATCH_PHASES.map((phase) => [phase, 1])) as Record<
    (typeof BATCH_PHASES)[number],
    number
  >
  const panels = [0, 9_000].flatMap((nextPollInMs) =>
    panelLines(sampleView({ batches, nextPollInMs, executedThere: 5 }), 400, colorsFor({}, {})),
  )
  return [begun, finished, summary]
    .flatMap(({ stderr, stdout }) => [stderr, stdout])
    .concat(panels)
    .join('\n')
}

it('shows only what the command says; if it does not, `node scripts/picture.mjs` makes the picture again', async () => {
  const said = plain(await saidNow())
  for (const picture of ['docs/picture.svg', 'docs/recording.svg']) {
    const lines = (await linesOf(picture)).filter((line) => line !== '' && !OF_OTHERS.test(line))
    expect(lines.length).toBeGreaterThan(25)
    const gone = lines.flatMap((line) => plain(line).split(', ')).filter((part) => !said.includes(part))
    expect(gone).toEqual([])
  }
})

it('is the end of the recording, which is small and shows the end at once to those who want no motion', async () => {
  const recording = await readFile(join(ROOT, 'docs/recording.svg'), 'utf8')
  const picture = await readFile(join(ROOT, 'docs/picture.svg'), 'utf8')
  const stays = recording.split('\n').filter((line) => line.startsWith('<g class="l s"'))
  const drawn = picture.split('\n').filter((line) => line.includes('<tspan'))
  expect(stays.map((line) => line.replace(/^<g [^>]*>(.*)<\/g>$/, '$1'))).toEqual(drawn)
  expect(recording).toContain(
    '@media (prefers-reduced-motion:reduce){.l{animation:none!important}.s{visibility:visible}}',
  )
  expect(recording.length).toBeLessThan(60_000)
})
