import { Command, CommanderError } from 'commander'
import { assertRuntime } from '../config/runtime.ts'
import { EXIT } from '../model/error.ts'
import { arrangeHelp } from './help.ts'
import type { Shell } from './shell.ts'

/**
 * A command's own file: adds arguments, flags and the action, which tells the exit code. `whole` gives the program with
 * all commands, for the one that describes them.
 */
interface CommandModule {
  defineCommand(
    command: Command,
    setExitCode: (code: number) => void,
    shell: Shell,
    whole: () => Promise<Command>,
  ): void
}

/** A command as `--help` lists it; the rest is loaded when it is typed. */
interface CommandEntry {
  readonly name: string
  readonly usage: string
  readonly summary: string
  readonly load: () => Promise<CommandModule>
}

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    usage: 'INPUT --model PROVIDER/MODEL [options]',
    summary: 'turn a file of prompts into a file of answers',
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'plan',
    usage: 'INPUT --model PROVIDER/MODEL [options]',
    summary: 'show what would be sent and what it costs; send nothing',
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'prompt',
    usage: 'INPUT --model PROVIDER/MODEL [options]',
    summary: 'show the filled prompts of a few rows; send nothing',
    load: () => import('./commands/prompt.ts'),
  },
  {
    name: 'try',
    usage: 'INPUT --model PROVIDER/MODEL [options]',
    summary: 'send a few random rows directly, to see real answers and their cost',
    load: () => import('./commands/try.ts'),
  },
  {
    name: 'resume',
    usage: '[RUN] [options]',
    summary: 'go on after a stop, a crash, a reboot, or a hold that was cleared',
    load: () => import('./commands/resume.ts'),
  },
  {
    name: 'status',
    usage: '[RUN] [options]',
    summary: 'show how far the runs are, and what to do next',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'results',
    usage: 'RUN [--where CONDITION] [--summary] [-o OUT] [options]',
    summary: 'look at the answers or write them again, also while the run goes on',
    load: () => import('./commands/results.ts'),
  },
  {
    name: 'compare',
    usage: 'RUN RUN [--gold COLUMN] [options]',
    summary: 'compare runs, to choose a model or a prompt',
    load: () => import('./commands/compare.ts'),
  },
  {
    name: 'ui',
    usage: '[options]',
    summary: 'look at the runs, their rows and their cost in a browser',
    load: () => import('./commands/ui.ts'),
  },
  {
    name: 'cancel',
    usage: 'RUN [options]',
    summary: 'cancel at the provider and keep what was finished',
    load: () => import('./commands/cancel.ts'),
  },
  {
    name: 'retry',
    usage: 'RUN [options]',
    summary: 'send unfinished rows and unbilled failures again',
    load: () => import('./commands/retry.ts'),
  },
  {
    name: 'tick',
    usage: '[options]',
    summary: 'do one round of work for all runs, for cron',
    load: () => import('./commands/tick.ts'),
  },
  {
    name: 'worker',
    usage: '[options]',
    summary: 'carry out all runs of the home until it is stopped; several share a database',
    load: () => import('./commands/worker.ts'),
  },
  {
    name: 'runs',
    usage: '[job RUN | rm RUN...] [options]',
    summary: 'list the runs, print the job of one, or remove some',
    load: () => import('./commands/runs.ts'),
  },
  {
    name: 'remote',
    usage: '[adopt [RUN] [ID...] | cancel ID... | delete ID...] [options]',
    summary: 'list batches and files at the provider that no run here knows',
    load: () => import('./commands/remote.ts'),
  },
  {
    name: 'init',
    usage: '[options]',
    summary: 'keep the runs of this folder in .llm-batch, or make a home in a database',
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'serve',
    usage: '--upstream URL | --simulate [options]',
    summary: 'start a local batch server: for a model server of yours, or with invented answers',
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'gateway',
    usage: '[options]',
    summary: 'take the calls of programs over HTTP and answer them by batches',
    load: () => import('./commands/gateway.ts'),
  },
  {
    name: 'webhooks',
    usage: '[options]',
    summary: 'take the webhooks of providers, so that a run looks at a batch when it has ended',
    load: () => import('./commands/webhooks.ts'),
  },
  {
    name: 'mcp',
    usage: '[--accept-up-to USD] [--root FOLDER] [options]',
    summary: 'serve agents over the Model Context Protocol; a person accepts what is spent',
    load: () => import('./commands/mcp.ts'),
  },
  {
    name: 'demo',
    usage: '[options]',
    summary: 'show everything on real data, without a key, in under a minute',
    load: () => import('./commands/demo.ts'),
  },
  {
    name: 'providers',
    usage: '[NAME] [options]',
    summary: 'list the providers: limits, discount, how safe a create is, how far tested',
    load: () => import('./commands/providers.ts'),
  },
  {
    name: 'doctor',
    usage: '[options]',
    summary: 'check keys, base URLs, home, disk and clock; --live tests the provider',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'completions',
    usage: 'bash|zsh|fish [options]',
    summary: 'print a script by which a shell completes commands, options and runs',
    load: () => import('./commands/completions.ts'),
  },
]

/** Runs what was typed and returns the exit code; errors are told, not thrown. */
export async function runProgram(shell: Shell, words: readonly string[], version: string): Promise<number> {
  let code: number = EXIT.ok
  try {
    assertRuntime()
    const program = await buildProgram(shell, words, version, (value) => {
      code = value
    })
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return exitCodeOfUsage(shell, error, words)
    const { tellError } = await import('./tell-error.ts')
    return tellError(shell, error)
  }
}

async function buildProgram(
  shell: Shell,
  words: readonly string[],
  version: string,
  setExitCode: (code: number) => void,
): Promise<Command> {
  const program = emptyProgram(shell, version)
  const typed = typedCommand(words)
  for (const entry of COMMANDS) {
    const command = addCommand(program, entry)
    if (entry.name !== typed?.name) continue
    const module = await entry.load()
    module.defineCommand(command, setExitCode, shell, () => wholeProgram(shell, version))
    arrangeHelp(command, words.includes('--all') || words[0] === 'help')
  }
  return program
}

/** The program with every command defined, to be described; it is not run. */
export async function wholeProgram(shell: Shell, version: string): Promise<Command> {
  const program = emptyProgram(shell, version)
  for (const entry of COMMANDS) {
    const module = await entry.load()
    module.defineCommand(
      addCommand(program, entry),
      () => undefined,
      shell,
      async () => program,
    )
  }
  return program
}

function emptyProgram(shell: Shell, version: string): Command {
  return (
    new Command('llm-batch')
      .description('Turns a file of prompts into a file of answers through half-price batch APIs.')
      .version(version, '-V, --version')
      .exitOverride()
      // Errors of usage are told in one line, by us.
      .configureOutput({ writeOut: (text) => shell.streams.output.write(text), writeErr: () => undefined })
      .addHelpText(
        'after',
        '\nHelp for a command:  llm-batch COMMAND --help\nAll of its options:  llm-batch help COMMAND',
      )
  )
}

function addCommand(program: Command, { name, summary, usage }: CommandEntry): Command {
  return program.command(name).description(summary).usage(usage)
}

/** The command that was typed, also behind `help`. */
function typedCommand(words: readonly string[]): CommandEntry | undefined {
  const name = typedName(words)
  return COMMANDS.find((command) => command.name === name)
}

function typedName(words: readonly string[]): string | undefined {
  return words.find((word) => word !== 'help' && !word.startsWith('-'))
}

/** Help and version were asked for; anything else was a mistake. */
function exitCodeOfUsage(shell: Shell, error: CommanderError, words: readonly string[]): number {
  if (error.exitCode === 0) return EXIT.ok
  const typed = typedCommand(words)
  const isHelp = error.code === 'commander.help'
  const message = isHelp ? helplessMessage(words) : error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  shell.tell(`${shell.errorColors.red('error:')} ${message}`)
  shell.tell(`${shell.errorColors.dim('next:')} llm-batch ${typed === undefined ? '' : `${typed.name} `}--help`)
  return EXIT.usage
}

/** What is wrong where all that could be shown is the list of commands. */
function helplessMessage(words: readonly string[]): string {
  const name = typedName(words)
  return name === undefined ? 'no command was given' : `there is no command ${JSON.stringify(name)} to explain`
}
