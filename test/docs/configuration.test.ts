import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { configurationJsonSchema } from '../../src/config/file-schema.ts'
import { VARIABLES } from '../../src/config/variables.ts'
import { flagOf } from '../../src/model/options/mention.ts'
import { OPTION_NAMES, OPTIONS } from '../../src/model/options/options.ts'
import { PROVIDERS } from '../../src/providers/registry.ts'

const PAGE = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url))
const HOSTS_PAGE = fileURLToPath(new URL('../../docs/providers/hosts.md', import.meta.url))
const LIST = /(?<=<!-- keys begin [^>]*-->\n).*?(?=<!-- keys end -->)/s

interface Schema {
  readonly description?: string | undefined
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly anyOf?: readonly Schema[]
}

/** Every key that the schema of the file knows, with what its description says. */
function linesOf(schema: Schema, path: string): readonly string[] {
  const { additionalProperties, anyOf = [], description, properties } = schema
  // Limits of one provider or model are the limits above.
  const isRepeated = /^(?:providers|models)\..*limits$/.test(path)
  const inner = isRepeated
    ? []
    : [
        ...Object.entries(properties ?? {}).flatMap(([name, member]) => linesOf(member, join(path, name))),
        ...anyOf.flatMap((one) => linesOf({ ...one, description: undefined }, path)),
        ...(typeof additionalProperties === 'object'
          ? linesOf(additionalProperties, join(path, ['providers', 'hosts'].includes(path) ? 'NAME' : 'PROVIDER/MODEL'))
          : []),
      ]
  const isGroup = typeof additionalProperties === 'object' || description === undefined
  return path === '$schema' ? [] : [...(isGroup ? [] : [lineOf(path, description)]), ...inner]
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function lineOf(path: string, description: string): string {
  const [meaning = '', usual = ''] = description.replace(/\.$/, '').split(/[.] Default: /)
  const flags = OPTION_NAMES.filter((name) => OPTIONS[name].configured === path).map((name) => `\`${flagOf(name)}\``)
  return `| \`${path}\` | ${meaning} | ${usual} | ${flags.join(', ')} |\n`
}

function keysList(): string {
  return `\n| key | meaning | default | flag that wins |\n| --- | --- | --- | --- |\n${linesOf(configurationJsonSchema(), '').join('')}\n`
}

it('docs/configuration.md lists the keys of the file as they are declared; "npx vitest run test/docs/configuration.test.ts -u" makes the list anew', async () => {
  const page = await readFile(PAGE, 'utf8')
  expect(page).toMatch(LIST)
  await expect(page.replace(LIST, () => keysList())).toMatchFileSnapshot(PAGE)
})

it('every option that the configuration file can say names a key of the file', () => {
  const keys = linesOf(configurationJsonSchema(), '').map((line) => line.split('`')[1])
  const configured = OPTION_NAMES.flatMap((name) => OPTIONS[name].configured ?? [])
  expect(configured.filter((key) => !keys.includes(key))).toEqual([])
})

it('docs/configuration.md and the page of the hosts name every environment variable that is read', async () => {
  const page = (await readFile(PAGE, 'utf8')) + (await readFile(HOSTS_PAGE, 'utf8'))
  const variables = [
    ...Object.values(VARIABLES),
    ...Object.values(PROVIDERS).flatMap(({ baseUrlVariable, keyVariable }) => [keyVariable, baseUrlVariable]),
  ]
  expect(variables.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})
