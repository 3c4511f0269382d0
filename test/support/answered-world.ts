import { expectExit, typeHere } from './command.ts'
import { type LocalWorld, openWorld } from './local-world.ts'

/** Sets the clipboard, hides an address behind a link, clears the screen, and runs backwards. */
export const HOSTILE =
  '\u001b]52;c;aGFja2Vk\u0007\u001b]8;;http://evil.example\u0007here\u001b]8;;\u0007\u001b[2J\u009b31m\u202egnp.exe'

/** What must never reach a terminal; without these, the rest of a sequence is only text. */
// oxlint-disable-next-line no-control-regex -- these are what must not be there
export const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

/** A labelled row; the prompt asks for one of three labels, and the simulator picks one that the text names. */
export interface LabelledRow {
  readonly id: string
  readonly text: string
  readonly gold: string
}

export const LABELLED: readonly LabelledRow[] = [
  { id: 'r0', text: 'My billing is wrong.', gold: 'billing' },
  { id: 'r1', text: 'About billing again.', gold: 'billing' },
  { id: 'r2', text: 'I need support.', gold: 'support' },
  { id: 'r3', text: 'Talk to sales.', gold: 'support' },
  { id: 'r4', text: 'Terrible. [[simulate: refusal]]', gold: 'support' },
  { id: 'r5', text: 'Too long. [[simulate: length]]', gold: 'sales' },
  { id: 'r6', text: 'Broken, 日本語のテキスト. [[simulate: status=400]]', gold: 'sales' },
  { id: 'r7', text: 'Broken too. [[simulate: status=400]]', gold: '' },
]

export const LABEL_PROMPT = 'Sort into one of: billing, support, sales.\n{{text}}'

/** A world that outlives one test; the returned function cleans it up. */
export async function lastingWorld(): Promise<{ readonly world: LocalWorld; readonly close: () => Promise<void> }> {
  let close = async (): Promise<void> => undefined
  const world = await openWorld({
    onFinished: (clean) => {
      close = clean
    },
  })
  return { world, close: () => close() }
}

/** Asks the prompt about rows; the run has this name. Rows that fail are fine. */
export async function answer(
  world: LocalWorld,
  name: string,
  rows: readonly object[],
  words: readonly string[],
): Promise<void> {
  await world.write(`${name}.jsonl`, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  const given = [
    'run',
    `${name}.jsonl`,
    '--name',
    name,
    '-o',
    `${name}.out.jsonl`,
    '--max-failed',
    '100',
    '--quiet',
    ...words,
  ]
  expectExit(await typeHere(world, ...given), 0)
}
