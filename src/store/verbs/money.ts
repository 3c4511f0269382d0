import { type MoneyCatalog } from '../port/money.ts'
import {
  releaseReservation,
  reserveSpending,
  selectShownByRun,
  selectStanding,
  settleReservation,
} from '../spending.ts'
import { type RunAccess } from './run-access.ts'

/** The verbs of `MoneyCatalog` in SQLite. */
export function moneyVerbs({ clock, driver, id, write }: RunAccess): MoneyCatalog {
  return {
    spending: async (since) => selectStanding(driver, id, since),
    shownAnswers: async (target) => selectShownByRun(driver, id, target),
    reserve: async (terms) => write(() => reserveSpending(driver, id, terms)),
    settleReservation: async (entryId, bill) =>
      write(() => {
        if (bill === null) releaseReservation(driver, entryId)
        else settleReservation(driver, entryId, bill, clock.now())
      }),
  }
}
