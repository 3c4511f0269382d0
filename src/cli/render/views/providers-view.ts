import type { ProviderDocument } from '../../documents/provider-document.ts'
import type { Colors } from '../terminal/colors.ts'
import { type Fact, renderFacts } from '../terminal/facts.ts'
import { type FittedColumn, renderFittedTable } from '../terminal/fitted-table.ts'
import { bytes, count } from '../terminal/quantity.ts'
import { RECOVERY_WORDS } from '../words/recovery-words.ts'

const COLUMNS: readonly FittedColumn<ProviderDocument>[] = [
  { title: 'provider', isWhole: true, text: ({ name }) => name },
  { title: 'key', isWhole: true, text: ({ key }) => (key.isSet ? 'set' : '-') },
  { title: 'requests', isWhole: true, isNumeric: true, text: ({ limits }) => count(limits.maxRequests) },
  { title: 'file', isWhole: true, isNumeric: true, text: ({ limits }) => bytes(limits.maxBytes) },
  { title: 'window', isWhole: true, text: ({ windowHours }) => windowText(windowHours) },
  { title: 'saves', isWhole: true, isNumeric: true, text: ({ discount }) => discountText(discount) },
  { title: 'recovery', isWhole: true, text: ({ recovery }) => recovery },
  { title: 'facts of', isWhole: true, text: ({ asOf }) => asOf ?? 'unknown' },
  { title: 'tested against', isOptional: true, text: ({ tested }) => tested },
]

/** All providers as a table, with what the recovery classes in it mean. */
export function renderProviders(providers: readonly ProviderDocument[], colors: Colors, width: number): string {
  const classes = [...new Set(providers.map(({ recovery }) => recovery))]
  const meanings: readonly Fact[] = classes.map((recovery) => [recovery, RECOVERY_WORDS[recovery]])
  return [
    `${renderFittedTable(COLUMNS, providers, width, colors)}\n`,
    'Recovery: what becomes of a create whose answer is lost.\n',
    renderFacts(meanings, colors),
    'All of one: llm-batch providers NAME\n',
  ].join('\n')
}

/** All that is known of one provider. */
export function renderProvider(provider: ProviderDocument, colors: Colors): string {
  const { baseUrl, endpoints, key, limits, oddities = [], recovery, unsure = [] } = provider
  return renderFacts(
    [
      ['Provider', provider.title],
      ['Models', `${provider.name}/MODEL`],
      ['Key', `${key.variable}, which is ${key.isSet ? 'set' : 'not set'}`],
      ['Base URL', `${baseUrl.default}\nanother one: ${baseUrl.variable}`],
      ['Endpoints', endpoints.join('\n')],
      [
        'A batch',
        `${count(limits.maxRequests)} requests, ${bytes(limits.maxBytes)}; a line ${bytes(limits.maxLineBytes)}`,
      ],
      ['Window', windowText(provider.windowHours)],
      ['Batches save', discountText(provider.discount)],
      ['Results', `are kept for ${limits.retentionDays} days at least, as far as is known`],
      ['Lost creates', `${recovery}: ${RECOVERY_WORDS[recovery]}`],
      ['Facts of', provider.asOf ?? 'unknown'],
      ['Tested against', provider.tested],
      ['Peculiar', oddities.length === 0 ? null : oddities.join('\n')],
      ['Not sure', unsure.length === 0 ? null : unsure.join('\n')],
      ['Page', provider.page],
    ],
    colors,
  )
}

function windowText({ canChoose, default: usual, most }: ProviderDocument['windowHours']): string {
  return canChoose ? `${hoursText(usual)} to ${hoursText(most)}` : hoursText(usual)
}

/** A day is a window of 24 hours at all providers, and is called so. */
function hoursText(hours: number): string {
  return hours > 24 && hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`
}

function discountText(discount: number | null): string {
  return discount === null ? 'unknown' : `${Math.round(discount * 100)} %`
}
