import type { LoggedEvent } from '../../src/ui/contract.ts'
import { count, counted, dollars } from '../words/quantity.ts'

/** An event in words, and its reason where it has one. */
export interface EventWords {
  readonly title: string
  readonly detail: string | null
}

const STAGES: Readonly<Record<string, string>> = {
  planned: 'planned',
  uploaded: 'input file sent',
  creating: 'being created',
  unconfirmed: 'unconfirmed',
  calling: 'asking directly',
  submitted: 'at the provider',
  ended: 'ended at the provider',
  collected: 'collected',
  held: 'held',
  rejected: 'refused as a whole',
  abandoned: 'never sent',
  cancelled: 'never sent, the run was cancelled',
}

/** Says an event; of a kind that is not known, its fields are told as they are. */
export function eventWords(event: LoggedEvent): EventWords {
  switch (event.type) {
    case 'prepared':
      return {
        title: `prepared ${counted(numberOf(event['rows']), 'row')} in ${counted(numberOf(event['batches']), 'batch', 'batches')}`,
        detail: null,
      }
    case 'run':
      return {
        title: `run ${event['state'] === 'paused' ? 'unfinished' : textOf(event['state'])}`,
        detail: optional(event['reason']),
      }
    case 'batch':
      return { title: batchTitle(event), detail: optional(event['reason']) }
    case 'settled':
      return { title: `batch ${textOf(event['batch'])}: settled`, detail: settledWords(event) }
    case 'written':
      return { title: `${counted(numberOf(event['rows']), 'row')} of answers written`, detail: optional(event['path']) }
    case 'warning':
      return { title: `warning: ${textOf(event['code'])}`, detail: optional(event['message']) }
    case 'incident':
      return { title: `incident: ${textOf(event['kind'])}`, detail: optional(event['message']) }
    default:
      return { title: event.type, detail: JSON.stringify(event) }
  }
}

/** What an attempt has brought: rows by outcome, and its cost. */
function settledWords({ costUsd, rows }: LoggedEvent): string | null {
  const counts = typeof rows === 'object' && rows !== null ? Object.entries(rows) : []
  const parts = counts.map(([outcome, number]) => `${count(numberOf(number))} ${outcome}`)
  if (parts.length === 0) return null
  return `${parts.join(', ')}; ${typeof costUsd === 'number' ? dollars(costUsd) : 'cost unknown'}`
}

function batchTitle(event: LoggedEvent): string {
  const stage = textOf(event['stage'])
  const remote = event['stage'] === 'submitted' ? optional(event['remoteStatus']) : null
  const attempt = numberOf(event['attempt'])
  const name = `batch ${textOf(event['batch'])}${attempt > 1 ? `, attempt ${attempt}` : ''}`
  return `${name}: ${STAGES[stage] ?? stage}${remote === null ? '' : `, ${remote.replaceAll('_', ' ')}`}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function optional(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
