import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))

/** The command, programs of their own, and the table that flags are made from. */
const DOORS = /^(?:cli|server|processors|model\/options)\//

/** Files below that may have words of the command line in them, each with its reason. */
const MAY_NAME: Readonly<Record<string, string>> = {
  'config/credentials.ts': 'a flag of Node',
  'config/variables.ts': 'the environment variables themselves',
  'providers/hosts/own-host.ts': 'the variables of hosts, made from their names',
}

const FLAG = /(?<![\w-])--[a-z]/
const VARIABLE = /LLM_BATCH_[A-Z]/

it('rooms below the command and the library name options, not flags, environment variables or commands to type', async () => {
  const paths = (await readdir(SOURCE, { recursive: true })).map((path) => path.replaceAll('\\', '/'))
  const commands = (await readdir(join(SOURCE, 'cli/commands'))).map((name) => name.replace('.ts', ''))
  const typed = new RegExp(`llm-batch (?:${commands.join('|')})\\b`)
  const naming: string[] = []
  for (const path of paths) {
    if (!path.endsWith('.ts') || path.endsWith('.test.ts') || DOORS.test(path)) continue
    const text = await readFile(join(SOURCE, path), 'utf8')
    if ([FLAG, VARIABLE, typed].some((words) => words.test(text))) naming.push(path)
  }
  expect(naming.sort()).toEqual(Object.keys(MAY_NAME))
})
