import type { Command } from 'commander'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { PLAIN_OUTPUT } from '../../model/run.ts'
import { type FilledRow, fillPrompts } from '../../prepare/fill-prompts.ts'
import { newRunOptions } from '../drive/new-run.ts'
import { countFlag } from '../flags/flag-values.ts'
import { addInput, addOptions } from '../flags/option-flags.ts'
import { requestOf } from '../jobs/job-request.ts'
import { placeFor } from '../local/place-for.ts'
import { findPlace } from '../open-home.ts'
import { tellReview } from '../questions/agree-to-prompt.ts'
import { counted } from '../render/terminal/quantity.ts'
import { renderPrompts } from '../render/views/prompt-view.ts'
import type { Shell } from '../shell.ts'

interface PromptFlags extends OptionsOf<'prompt'> {
  readonly rows?: number | undefined
}

/** `llm-batch prompt INPUT`: the filled prompts of a few rows, without a key and without sending anything. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addInput(command).option(
    '--rows <n>',
    'rows to show (default: 3); the first ones, or those that --sample draws',
    countFlag,
  )
  addOptions(command, 'prompt').action(async (inputs: readonly string[], _typed: PromptFlags, self: Command) => {
    const { flags, inputPaths } = await requestOf<PromptFlags>(shell, self, inputs)
    setExitCode(await showPrompts(shell, inputPaths, flags))
  })
}

async function showPrompts(shell: Shell, inputPaths: readonly string[], flags: PromptFlags): Promise<number> {
  const place = placeFor(shell, await findPlace(shell, flags), flags)
  const options = await newRunOptions(shell, place.disk, { inputPaths, flags, output: { ...PLAIN_OUTPUT, path: null } })
  const { review, rows } = await fillPrompts(place, { ...options, rows: flags.rows })
  if (flags.json) await shell.printData(promptsJson(rows))
  else await shell.print(renderPrompts(rows, shell.outputColors))
  tellReview(shell, review)
  const flawed = rows.filter(({ problems }) => problems.length > 0).length
  if (flawed === 0 || flags.skipInvalid) return EXIT.ok
  shell.tell(`${counted(flawed, 'row')} of ${rows.length} cannot be sent: run would refuse this input.`)
  return EXIT.usage
}

/** Written by hand around the bodies, because parsing and writing them again would change numbers and escapes. */
function promptsJson(rows: readonly FilledRow[]): string {
  const documents = rows.map(({ hasEmptyPlaceholders, id, line, problems, request }) => {
    const facts = JSON.stringify({ line, id, problems, hasEmptyPlaceholders, target: request?.target ?? null })
    return `${facts.slice(0, -1)},"body":${request?.body ?? 'null'}}`
  })
  return `{"version":1,"rows":[\n${documents.join(',\n')}\n]}\n`
}
