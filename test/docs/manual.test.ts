import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { flagOf } from '../../src/model/options/mention.ts'
import { OPTION_NAMES, OPTIONS } from '../../src/model/options/options.ts'
import { typeHere } from '../support/command.ts'
import { isProgramThere } from '../support/found-program.ts'
import { openWorld } from '../support/local-world.ts'

const ROOT = new URL('../../', import.meta.url)
const { man } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8')) as { man: readonly [string] }
const PAGE = fileURLToPath(new URL(man[0], ROOT))

/** The text of the page without what roff needs around it. */
async function textOfPage(): Promise<string> {
  const page = await readFile(PAGE, 'utf8')
  return page
    .replaceAll(/\\f[BIR]|\\&/g, '')
    .replaceAll('\\-', '-')
    .replaceAll('\\e', '\\')
    .replaceAll(/\\\[u([0-9A-F]+)\]/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll('\n', ' ')
}

it('the manual page of the package tells every command, and every option in the words of the table', async () => {
  const text = await textOfPage()
  const { stdout: help } = await typeHere(await openWorld(), '--help')
  const names = [...help.matchAll(/^ {2}([a-z]+) .*? {2}/gm)].map(([, name = '']) => name)
  expect(names.length).toBeGreaterThan(20)
  expect(names.filter((name) => !text.includes(`.SS "llm-batch ${name} `))).toEqual([])
  const told = OPTION_NAMES.filter((name) => OPTIONS[name].inJobs !== 'only')
  expect(told.filter((name) => !text.includes(flagOf(name)))).toEqual([])
  expect(told.map((name) => OPTIONS[name].help).filter((words) => !text.includes(words))).toEqual([])
})

it.runIf(isProgramThere('mandoc'))('and mandoc has nothing against it', async () => {
  const { stdout } = await promisify(execFile)('mandoc', ['-Tlint', PAGE])
  expect(stdout).toBe('')
})
