import { dollars, knownUsd } from '../../../prices/dollars.ts'
import { usdOf } from '../../../prices/micros.ts'
import type { MonthlySpending } from '../../../store/port/money.ts'
import type { Colors } from '../terminal/colors.ts'
import { type FittedColumn, renderFittedTable } from '../terminal/fitted-table.ts'
import { count, counted } from '../terminal/quantity.ts'

/** Only a model is cut; tokens and answers go first where there is no room. */
const COLUMNS: readonly FittedColumn<MonthlySpending>[] = [
  { title: 'month', isWhole: true, text: ({ month }) => month },
  { title: 'model', text: ({ model, provider }) => `${provider}/${model}` },
  amount('answers', ({ answers }) => count(answers), true),
  amount('tokens in', ({ promptTokens }) => count(promptTokens), true),
  amount('tokens out', ({ completionTokens }) => count(completionTokens), true),
  amount('spent', (month) => dollars(spentUsd(month))),
  amount('set aside', ({ reserved }) => (reserved === 0 ? '' : dollars(usdOf(reserved)))),
  amount('cost unknown', ({ unknown }) => (unknown === 0 ? '' : count(unknown))),
]

function amount(
  title: string,
  text: (month: MonthlySpending) => string,
  isOptional = false,
): FittedColumn<MonthlySpending> {
  return { title, isWhole: true, isNumeric: true, isOptional, text }
}

/**
 * What all runs spent by month (UTC) and model, removed runs included; empty where nothing was.
 * @default width as wide as it needs to be
 */
export function renderSpending(
  months: readonly MonthlySpending[],
  colors: Colors,
  width = Number.POSITIVE_INFINITY,
): string {
  if (months.length === 0) return ''
  const total = totalOf(months)
  const unknown = total.unknown === 0 ? '' : `; what ${counted(total.unknown, 'batch', 'batches')} cost is not known`
  const reserved = total.reserved === 0 ? '' : `, ${dollars(usdOf(total.reserved))} set aside`
  const table = renderFittedTable(COLUMNS, months, width, colors)
  return `${table}\n\nSpent in all: ${dollars(spentUsd(total))}${reserved}${unknown}\n`
}

/** The same for `--json`, in US dollars. */
export function spendingDocument(months: readonly MonthlySpending[]): object {
  const total = totalOf(months)
  return {
    settledUsd: spentUsd(total),
    reservedUsd: usdOf(total.reserved),
    unknown: total.unknown,
    months: months.map(({ month, provider, model, reserved, settled, unknown, ...tokens }) => ({
      month,
      provider,
      model,
      unknown,
      answers: tokens.answers,
      promptTokens: tokens.promptTokens,
      completionTokens: tokens.completionTokens,
      cachedTokens: tokens.cachedTokens,
      reasoningTokens: tokens.reasoningTokens,
      settledUsd: spentUsd({ settled, unknown }),
      reservedUsd: usdOf(reserved),
    })),
  }
}

/** What is known to be spent; null where nothing of it is known. */
function spentUsd({ settled, unknown }: Pick<MonthlySpending, 'settled' | 'unknown'>): number | null {
  return knownUsd(usdOf(settled), unknown)
}

function totalOf(months: readonly MonthlySpending[]): Pick<MonthlySpending, 'settled' | 'reserved' | 'unknown'> {
  return months.reduce(
    (total, month) => ({
      settled: total.settled + month.settled,
      reserved: total.reserved + month.reserved,
      unknown: total.unknown + month.unknown,
    }),
    { settled: 0, reserved: 0, unknown: 0 },
  )
}
