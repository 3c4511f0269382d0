import { Argument, type Command } from 'commander'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { preparedRuns } from '../../workspace/find-run.ts'
import { withWorkspaceIfAny } from '../../workspace/workspace.ts'
import { addOptions } from '../flags/option-flags.ts'
import { findPlace } from '../open-home.ts'
import { bashScript } from '../reference/bash.ts'
import { describeProgram } from '../reference/described-command.ts'
import { fishScript } from '../reference/fish.ts'
import { isPlainWord, knownWords } from '../reference/known-words.ts'
import { zshScript } from '../reference/zsh.ts'
import type { Shell } from '../shell.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

/** What the scripts ask for at a TAB. */
const RUNS = 'runs'

type Wanted = keyof typeof SCRIPTS | typeof RUNS

const EXAMPLES = `
Examples:
  echo 'source <(llm-batch completions bash)' >> ~/.bashrc
  llm-batch completions zsh > "\${fpath[1]}/_llm-batch"
  llm-batch completions fish > ~/.config/fish/completions/llm-batch.fish`

/** `llm-batch completions`: the script of a shell, and for these scripts the runs that a word may mean. */
export function defineCommand(
  command: Command,
  setExitCode: (code: number) => void,
  shell: Shell,
  wholeProgram: () => Promise<Command>,
): void {
  const wanted = new Argument('<shell>', 'print the script of this shell; runs: what the scripts ask for').choices([
    ...Object.keys(SCRIPTS),
    RUNS,
  ])
  addOptions(command.addArgument(wanted), 'completions')
    .addHelpText('after', EXAMPLES)
    .action(async (what: Wanted, flags: OptionsOf<'completions'>) => {
      if (what === RUNS) await printRuns(shell, flags)
      else {
        const program = await wholeProgram()
        await shell.print(SCRIPTS[what](describeProgram(program), knownWords(), program.version() ?? ''))
      }
      setExitCode(EXIT.ok)
    })
}

/** Prints ids and names with the state behind a tab; nothing where there is no home yet, or it is in a database. */
async function printRuns(shell: Shell, flags: OptionsOf<'completions'>): Promise<void> {
  const place = await findPlace(shell, flags)
  // A TAB must not wait for a database that does not answer.
  if (place.home.kind === 'database') return
  await withWorkspaceIfAny(place, async (workspace) => {
    const runs = workspace ? await preparedRuns(workspace.store) : []
    const words = runs.flatMap(({ id, name, state }) =>
      [id, name].filter((word) => word !== null && isPlainWord(word)).map((word) => `${word}\t${state}\n`),
    )
    await shell.print([...words, ...(runs.length > 0 ? ['last\tthe newest run\n'] : [])].join(''))
  })
}
