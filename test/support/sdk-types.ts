import { execFile } from 'node:child_process'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from './local-server.ts'

/** An answer of a server, and the type of the official SDK that it must have. */
export interface TypedAnswer {
  /** For the message of a failure. */
  readonly name: string
  /** A TypeScript type over `OpenAI`, such as `OpenAI.ChatCompletion`. */
  readonly type: string
  readonly value: unknown
}

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

const CONFIG = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'es2023',
    module: 'nodenext',
    types: [],
  },
  files: ['answers.ts'],
}

/**
 * The API writes null where the types of the SDK say that a member is absent, for example in `output_file_id` of a batch;
 * `Wire<T>` is T with that. `output_text` is added by the SDK itself. While a stream goes on, there is neither usage nor a
 * reason to finish, which the types of a whole answer do not know.
 */
const PRELUDE = `import type OpenAI from 'openai'
type Wire<T> = T extends readonly (infer E)[] ? Wire<E>[] : T extends object ? { [K in keyof T]: Field<T, K> } : T
type Field<T, K extends keyof T> = Wire<T[K]> | (undefined extends T[K] ? null : never)
type RawResponse = Omit<OpenAI.Responses.Response, 'output_text'>
type RawEvent<E> = E extends { response: OpenAI.Responses.Response }
  ? Omit<E, 'response'> & { response: Omit<RawResponse, 'usage'> & { usage: OpenAI.Responses.ResponseUsage | null } }
  : E
type StreamEvent = RawEvent<OpenAI.Responses.ResponseStreamEvent>
type Choice = OpenAI.CompletionChoice
type CompletionChunk = Omit<OpenAI.Completion, 'choices'> & {
  choices: (Omit<Choice, 'finish_reason'> & { finish_reason: Choice['finish_reason'] | null })[]
}
`

/**
 * What the TypeScript compiler finds wrong when each answer is written as a literal of its type: members that are missing,
 * unknown or of another type. OpenAI publishes its API description in no npm package; the types are made from it.
 */
export async function typeErrors(answers: readonly TypedAnswer[]): Promise<string> {
  const folder = await temporaryFolder()
  const literals = answers.map(
    ({ name, type, value }, place) =>
      `// ${name}\nexport const a${place} = ${JSON.stringify(value)} satisfies ${type}\n`,
  )
  await symlink(MODULES, join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG))
  await writeFile(join(folder, 'answers.ts'), PRELUDE + literals.join('\n'))
  try {
    await promisify(execFile)(process.execPath, [join(MODULES, 'typescript/bin/tsc'), '-p', folder], { cwd: folder })
    return ''
  } catch (error) {
    if (!(error instanceof Error && 'stdout' in error)) throw error
    return String(error.stdout)
  }
}
