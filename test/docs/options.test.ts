import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { helpOf, optionsOf } from '../../src/cli/flags/option-flags.ts'
import { HEADINGS, type Heading } from '../../src/model/options/declaration.ts'
import { flagOf } from '../../src/model/options/mention.ts'
import { OPTION_NAMES, OPTIONS, type OptionName, propertyOf } from '../../src/model/options/options.ts'

const PAGE = fileURLToPath(new URL('../../docs/options.md', import.meta.url))
const LIST = /(?<=<!-- options begin [^>]*-->\n).*?(?=<!-- options end -->)/s

/** A table for each heading, made from the declarations that flags, job keys and the library are made from. */
function optionsList(): string {
  return (Object.keys(HEADINGS) as Heading[])
    .map((heading) => {
      const lines = OPTION_NAMES.filter((name) => OPTIONS[name].heading === heading).map(lineOf)
      return `\n## ${HEADINGS[heading]}\n\n| flag | job key | library | configuration, environment | what it does | commands | frozen |\n| --- | --- | --- | --- | --- | --- | --- |\n${lines.join('\n')}\n`
    })
    .join('')
}

function lineOf(name: OptionName): string {
  const { choices, commands, configured, definesRequests, environment, inJobs, offHelp } = OPTIONS[name]
  const cells = [
    inJobs === 'only'
      ? ''
      : code([flagOf(name), ...(offHelp === undefined ? [] : [flagOf(name).replace('--', '--no-')])]),
    inJobs === false || !commands.includes('run') ? '' : code([name]),
    code([propertyOf(name) ?? ''].filter((property) => property !== '')),
    code([configured, environment].filter((place) => place !== undefined)),
    helpOf(name, commands[0] ?? 'run') +
      (choices === undefined ? '' : `: ${choices.join(', ')}`) +
      (offHelp === undefined ? '' : `; or ${offHelp}`),
    commands.length > 10 ? 'all that open a home' : commands.join(', '),
    definesRequests ? 'yes' : '',
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function code(texts: readonly string[]): string {
  return texts.map((text) => `\`${text}\``).join(', ')
}

it('docs/options.md lists the options as they are declared; "npx vitest run test/docs/options.test.ts -u" makes the list anew', async () => {
  const page = await readFile(PAGE, 'utf8')
  expect(page).toMatch(LIST)
  await expect(page.replace(LIST, () => optionsList())).toMatchFileSnapshot(PAGE)
})

it('commands that go on with a run take no option that would make another run of it, but the limit of tokens of a retry', () => {
  const taken = (['resume', 'retry', 'cancel', 'tick', 'results'] as const).flatMap((command) => optionsOf(command))
  expect(taken.filter((name) => OPTIONS[name].definesRequests)).toEqual(['maxTokens'])
})
