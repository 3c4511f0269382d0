import { plainLine } from '../../../lib/plain-text.ts'
import { dollars, knownUsd } from '../../../prices/dollars.ts'
import { usdOf } from '../../../prices/micros.ts'
import type { MonthlySpending } from '../../../store/store.ts'
import type { Colors } from '../terminal/colors.ts'
import { count, counted } from '../terminal/quantity.ts'
import { renderTable, type TableColumn } from '../terminal/table.ts'

const COLUMNS: readonly TableColumn[] = [
  { title: 'month' },
  { title: 'model' },
  { title: 'answers', isNumeric: true },
  { title: 'tokens in', isNumeric: true },
  { title: 'tokens out', isNumeric: true },
  { title: 'spent', isNumeric: true },
  { title: 'set aside', isNumeric: true },
  { title: 'cost unknown', isNumeric: true },
]

/** What all runs spent by month (UTC) and model, removed runs included; empty where nothing was. */
export function renderSpending(months: readonly MonthlySpending[], colors: Colors): string {
  if (months.length === 0) return ''
  const total = totalOf(months)
  const unknown = total.unknown === 0 ? '' : `; what ${counted(total.unknown, 'batch', 'batches')} cost is not known`
  const reserved = total.reserved === 0 ? '' : `, ${dollars(usdOf(total.reserved))} set aside`
  const table = renderTable(COLUMNS, months.map(monthCells), colors)
  return `${table}\n\nSpent in all: ${dollars(spentUsd(total))}${reserved}${unknown}\n`
}

function monthCells(month: MonthlySpending): readonly string[] {
  return [
    month.month,
    plainLine(`${month.provider}/${month.model}`),
    count(month.answers),
    count(month.promptTokens),
    count(month.completionTokens),
    dollars(spentUsd(month)),
    month.reserved === 0 ? '' : dollars(usdOf(month.reserved)),
    month.unknown === 0 ? '' : count(month.unknown),
  ]
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
