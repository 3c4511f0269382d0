import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))

/** Files that may name flags, each with its reason. */
const MAY_NAME_FLAGS: Readonly<Record<string, string>> = {
  'collect/canary.ts': 'the reason of a hold is kept as text, for people who type',
  'config/credentials.ts': 'a flag of Node',
  'model/stop-loss.ts': 'the reason of a hold is kept as text, for people who type',
  'output/columns.ts': 'words of help and of a page, in code quotes',
  'submit/budget.ts': 'the reason of a hold is kept as text, for people who type',
  'submit/reconcile.ts': 'the reason of a hold is kept as text, for people who type',
}

const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm
/** A whole line to type, which a program can show to a person as it is. */
const COMMAND_LINE = /llm-batch[:,]? [^'\n]*/g
const FLAG = /(?<![\w-])--[a-z][a-z-]+/

it('rooms below the command and the library name options, not flags', async () => {
  const paths = await readdir(SOURCE, { recursive: true })
  const below = paths.filter((path) => path.endsWith('.ts') && !/^cli\/|^model\/options\/|\.test\.ts$/.test(path))
  const naming: string[] = []
  for (const path of below) {
    const text = (await readFile(join(SOURCE, path), 'utf8')).replace(COMMENT, '').replace(COMMAND_LINE, '')
    if (FLAG.test(text)) naming.push(path)
  }
  expect(naming.sort()).toEqual(Object.keys(MAY_NAME_FLAGS))
})
