import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { bytes, count } from '../../src/cli/render/terminal/quantity.ts'
import { RECOVERY_WORDS } from '../../src/cli/render/words/recovery-words.ts'
import type { HostProfile } from '../../src/providers/hosts/profile.ts'
import { HOST_PROFILES } from '../../src/providers/hosts/profiles.ts'

const PAGE = fileURLToPath(new URL('../../docs/providers/hosts.md', import.meta.url))
const LIST = /(?<=<!-- hosts begin [^>]*-->\n).*?(?=<!-- hosts end -->)/s

function windowText({ hours, isSent, mostHours = hours }: HostProfile['window']): string {
  if (isSent === false) return `${hours} hours; the create takes none`
  return mostHours === hours ? `${hours} hours` : `${hours} hours, or up to ${mostHours / 24} days by --timeout-hours`
}

function sectionOf(host: HostProfile): string {
  const { baseUrl, baseUrlVariable, discount, endpoints, facts, keyVariable, limits, name, recovery = 'marked' } = host
  const fewer = Object.entries(limits.requestsAt ?? {}).map(([at, most]) => `, ${count(most)} at \`${at}\``)
  const line = limits.lineBytes === undefined ? '' : `; a line ${bytes(limits.lineBytes)}`
  const rows: readonly (readonly [string, string])[] = [
    ['key', `\`${keyVariable}\``],
    ['API root', `\`${baseUrl}\`, or \`${baseUrlVariable}\``],
    ['endpoints', endpoints.map((endpoint) => `\`${endpoint}\``).join(', ')],
    ['a batch', `${count(limits.requests)} requests${fewer.join('')}; ${bytes(limits.bytes)}${line}`],
    ['window', windowText(host.window)],
    ['batches save', discount === null ? 'not known' : `${Math.round(discount * 100)} %`],
    ['a lost create', `\`${recovery}\`: ${RECOVERY_WORDS[recovery]}`],
    ...facts.oddities.map((text) => ['peculiar', text] as const),
    ...facts.unsure.map((text) => ['not sure', text] as const),
    ['how we know', `${facts.sources.join('; ')} (${facts.asOf})`],
  ]
  const table = rows.map(([what, text]) => `| ${what} | ${text} |\n`).join('')
  return `### ${host.title}: \`${name}/MODEL\`\n\n| what | value |\n| --- | --- |\n${table}`
}

it('docs/providers/hosts.md shows the records of hosts as they are; "npx vitest run test/docs/hosts.test.ts -u" makes it anew', async () => {
  const page = await readFile(PAGE, 'utf8')
  expect(page).toMatch(LIST)
  await expect(page.replace(LIST, () => `\n${HOST_PROFILES.map(sectionOf).join('\n')}\n`)).toMatchFileSnapshot(PAGE)
})
