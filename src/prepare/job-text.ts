import { commandLine, inFlags, mention } from '../model/options/mention.ts'
import { OPTION_NAMES, OPTIONS } from '../model/options/options.ts'
import { VERSION } from '../version.ts'

/** Origin of a run, to be kept with it, so that it can be repeated. */
export interface Job {
  /** By the keys of a job file; the values are JSON. Fields that are undefined are left out. */
  readonly fields: Readonly<Record<string, unknown>>
  /** What the fields cannot repeat, each as a sentence. */
  readonly notes: readonly string[]
}

/** The same job with the run's own copy of its rows as input: for rows that came through a pipe or from memory. */
export function withOwnRows({ fields, notes }: Job, rowsPath: string): Job {
  // The copy is chosen and in our format already.
  const rest = Object.entries(fields).filter(([key]) => key !== 'input' && !isOfInput(key))
  return {
    fields: { input: rowsPath, ...Object.fromEntries(rest) },
    notes: [...notes, 'The rows did not come from a file: this is the copy of them that the run keeps.'],
  }
}

function isOfInput(key: string): boolean {
  return OPTION_NAMES.some((name) => name === key && OPTIONS[name].repeated === 'same_input')
}

/** The text of a job file: YAML whose values are JSON, which is YAML too, so that every text is what it was. */
export function jobText({ fields, notes }: Job, runId: string): string {
  const comments = [
    `The job of run ${runId}, kept by llm-batch ${VERSION}.`,
    inFlags(`Run it once more with: ${commandLine('run', 'FILE.yaml', mention('again'))}`),
    ...notes,
  ]
  const lines = Object.entries(fields).flatMap(([key, value]) => {
    const json = JSON.stringify(value) as string | undefined
    return json === undefined ? [] : [`${key}: ${json}`]
  })
  return `${[...comments.map((comment) => `# ${comment.replace(/\s+/g, ' ')}`), ...lines].join('\n')}\n`
}
