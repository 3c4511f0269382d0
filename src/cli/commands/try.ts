import type { Command } from 'commander'
import { systemRandom } from '../../lib/random.ts'
import { EXIT } from '../../model/error.ts'
import type { OptionsOf } from '../../model/options/options.ts'
import { PLAIN_OUTPUT } from '../../model/run.ts'
import { type Tried, tryRows } from '../../prepare/try-rows.ts'
import { sumUsd } from '../../prices/dollars.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { newRunOptions } from '../drive/new-run.ts'
import { countFlag } from '../flags/flag-values.ts'
import { addInput, addOptions } from '../flags/option-flags.ts'
import { requestOf } from '../jobs/job-request.ts'
import { promptOf } from '../jobs/prompt-text.ts'
import { placeFor } from '../local/place-for.ts'
import { withHome } from '../open-home.ts'
import { remarkOn } from '../questions/agree.ts'
import { tellReview } from '../questions/agree-to-prompt.ts'
import { counted } from '../render/terminal/quantity.ts'
import { isAnswered, renderTriedRow, renderTryTotal } from '../render/views/try-view.ts'
import type { Shell } from '../shell.ts'

interface TryFlags extends OptionsOf<'try'> {
  readonly rows?: number | undefined
}

/** Rows sent unless said otherwise. */
const USUAL_ROWS = 5

/** Seeds are drawn small, so that they can be typed. */
const SEEDS = 10_000

/** `llm-batch try INPUT`: a few random rows in direct calls, to see real answers and their real cost. */
export function defineCommand(command: Command, setExitCode: (code: number) => void, shell: Shell): void {
  addInput(command).option('--rows <n>', 'rows to send, drawn at random (default: 5)', countFlag)
  addOptions(command, 'try').action(async (inputs: readonly string[], _typed: TryFlags, self: Command) => {
    const { flags, inputPaths } = await requestOf<TryFlags>(shell, self, inputs)
    setExitCode(
      await withHome(shell, flags, (home) => tryInput(shell, placeFor(shell, home, flags), inputPaths, flags)),
    )
  })
}

async function tryInput(
  shell: Shell,
  workspace: Workspace,
  inputPaths: readonly string[],
  flags: TryFlags,
): Promise<number> {
  const output = { ...PLAIN_OUTPUT, path: null }
  const options = await newRunOptions(shell, workspace.disk, { inputPaths, flags, output })
  remarkOn(shell, workspace.configuration)
  const seed = flags.seed ?? Math.floor(systemRandom.fraction() * SEEDS)
  const colors = shell.outputColors
  const sample = flags.rows ?? flags.sample ?? USUAL_ROWS
  const tried = await tryRows(
    workspace,
    { ...options, sample, seed },
    {
      onReview: (review) => tellReview(shell, review),
      onRow: async (row) => {
        if (!flags.json) await shell.show(renderTriedRow(row, colors))
      },
    },
  )
  const { rows } = tried
  if (flags.json) await shell.printJson(tryDocument(tried, seed))
  else await shell.show(renderTryTotal(tried, seed, colors))
  const failed = rows.filter((row) => !isAnswered(row)).length
  if (failed === 0) return EXIT.ok
  shell.tell(`${counted(failed, 'row')} of ${rows.length} came back without a usable answer; nothing was stored.`)
  shell.tell('Next: correct the prompt or the parameters, and try again.')
  return EXIT.failures
}

function tryDocument({ inputRows, rows, wholeCostUsd }: Tried, seed: number): object {
  return {
    version: 1,
    seed,
    costUsd: sumUsd(rows.map(({ costUsd }) => costUsd)),
    batchCostUsd: sumUsd(rows.map(({ batchCostUsd }) => batchCostUsd)),
    inputRows,
    wholeCostUsd,
    rows: rows.map(({ costUsd, failure, id, line, outcome, problems, request }) => ({
      line,
      id,
      prompt: request && promptOf(request),
      status: outcome?.status ?? 'failed',
      output: outcome?.isJson && outcome.output !== null ? JSON.parse(outcome.output) : (outcome?.output ?? null),
      code: outcome?.code ?? failure?.code ?? problems[0]?.code ?? null,
      reason: outcome?.reason ?? failure?.message ?? problems[0]?.detail ?? null,
      usage: outcome?.usage ?? null,
      model: outcome?.model ?? null,
      costUsd,
    })),
  }
}
