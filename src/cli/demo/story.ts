import { join } from 'node:path'
import type { Colors } from '../render/terminal/colors.ts'
import { count, counted } from '../render/terminal/quantity.ts'
import { renderTable } from '../render/terminal/table.ts'
import { fitted } from '../render/terminal/width.ts'
import type { CrashProof, Trial } from './crash-proof.ts'
import { holds } from './crash-proof.ts'
import { type MainJob, mainWords } from './main-job.ts'
import type { World } from './world.ts'

/** Answers shown of all. */
const SHOWN_ANSWERS = 10
const NAME_CELLS = 26
const DESCRIPTION_CELLS = 60

/** What will happen, before it does. */
export function renderOpening({ model, provider }: World, rows: number, colors: Colors): string {
  const api = provider === 'openai' ? "OpenAI's" : "Mistral's"
  return `${colors.bold('llm-batch demo')}: ${counted(rows, 'row')} of real data (npm package web-features), no key, no cost.
A server on this machine plays ${api} batch API; its answers are ${colors.yellow('simulated')} and say so. Nothing leaves this machine.

${colors.bold('1. The main job')}: a file of prompts becomes a file of answers, in several batches. The report at the end tells the
cost that a real run would have had.

${colors.cyan(`$ llm-batch ${mainWords(model).map(quoted).join(' ')}`)}
`
}

/** Some answers, spread over the whole file. */
export function renderAnswers({ answers }: MainJob, colors: Colors): string {
  const step = Math.max(1, Math.floor(answers.length / SHOWN_ANSWERS))
  const shown = answers.filter((_, place) => place % step === 0).slice(0, SHOWN_ANSWERS)
  const rows = shown.map(({ description, llm_output, name }) => [
    fitted(name, NAME_CELLS),
    fitted(description.replaceAll(/\s+/g, ' '), DESCRIPTION_CELLS),
    llm_output ?? '',
  ])
  const columns = [{ title: 'name' }, { title: 'description' }, { title: 'llm_output' }]
  return `\n${shown.length} of the ${counted(answers.length, 'answer')} (the simulated model picks a choice that the text mentions, else any):\n\n${renderTable(columns, rows, colors)}\n`
}

/** What the second act is about. */
export function renderInterlude(colors: Colors): string {
  return `
${colors.bold('2. The same with a crash')}: the command is killed (SIGKILL) when the server has accepted its last batch and
before it could know, then the same line is typed again. Beside it a script as people write it by hand (upload,
create, poll, join by id; it keeps its batch ids in memory), killed at the same moment and started again.
`
}

/** The server's books on both clients, and the verdict. */
export function renderProof(proof: CrashProof, colors: Colors): string {
  const line = (title: string, value: (trial: Trial) => number): readonly string[] => [
    title,
    count(value(proof.ours)),
    count(value(proof.naive)),
  ]
  const table = renderTable(
    [{ title: "the server's books" }, { title: 'llm-batch', isNumeric: true }, { title: 'script', isNumeric: true }],
    [
      line('rows asked', ({ rowsAsked }) => rowsAsked),
      line('batches created', ({ batchesCreated }) => batchesCreated),
      line('rows billed', ({ rowsBilled }) => rowsBilled),
      line('rows billed twice', ({ rowsBilledTwice }) => rowsBilledTwice),
      line('rows lost', ({ rowsLost }) => rowsLost),
    ],
    colors,
  )
  const verdict = holds(proof)
    ? colors.green('Nothing was bought twice, and nothing was lost.')
    : colors.red('The proof failed: please report this.')
  return `\n${table}\n\n${verdict}\n`
}

/** How to go on with a real key. */
export function renderEnding({ folder, model, provider }: World, keeps: boolean, colors: Colors): string {
  const variable = provider === 'openai' ? 'OPENAI_API_KEY' : 'MISTRAL_API_KEY'
  const words = mainWords(model).map(quoted).join(' ')
  const where = keeps
    ? `Everything lies in ${folder}; features.csv in ${join(folder, 'main-job')}.`
    : 'All files of the demo are gone again; --keep keeps them, features.csv too.'
  return `\nThe same with a real key, for real answers and real money:\n\n${colors.cyan(`$ ${variable}=… llm-batch ${words}`)}\n\n${where}\n`
}

function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word}'`
}
