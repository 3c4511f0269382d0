import { type MoneyCatalog } from '../port/money.ts'
import {
  releaseReservation,
  reserveSpending,
  selectShownByRun,
  selectStanding,
  settleReservation,
} from '../spending.ts'
import { type RunAccess } from './run-access.ts'

/** The verbs of `MoneyCatalog`. */
export function moneyVerbs({ clock, id, read, write }: RunAccess): MoneyCatalog {
  return {
    spending: async (since) => read(async (sql) => selectStanding(sql, id, since)),
    shownAnswers: async (target) => read(async (sql) => selectShownByRun(sql, id, target)),
    reserve: async (terms) => write(async (sql) => reserveSpending(sql, id, terms)),
    settleReservation: async (entryId, bill) =>
      write(async (sql) => {
        if (bill === null) await releaseReservation(sql, entryId)
        else await settleReservation(sql, entryId, bill, clock.now())
      }),
  }
}
