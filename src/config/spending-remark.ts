import { plainLine } from '../lib/plain-text.ts'
import type { FileConfiguration } from './file-schema.ts'

/** Facts about money in a configuration file that lay in the working folder. */
export interface FoundFile {
  readonly path: string
  readonly file: FileConfiguration
  /** False where another user of the machine made the file. */
  readonly isOwn: boolean
}

/**
 * One sentence about a configuration file that was found and not named: that another user made it, or what it changes so
 * that more may be spent without a question. Null where neither is so; caps only ever lower what may be spent.
 */
export function spendingRemark({ file, isOwn, path }: FoundFile, usualAskAboveUsd: number): string | null {
  const askAboveUsd = file.budget?.askAboveUsd ?? usualAskAboveUsd
  const models = Object.keys(file.prices ?? {})
  const reasons = [
    ...(isOwn ? [] : ['it was made by another user']),
    ...(askAboveUsd > usualAskAboveUsd ? [`runs of up to $${askAboveUsd} are sent without a question`] : []),
    ...(models.length > 0 ? [`it sets the price of ${namesOf(models)}`] : []),
  ]
  return reasons.length === 0 ? null : `${plainLine(path)} is in force: ${reasons.join('; ')}`
}

/** Names in a list are the file's own text; three are enough to know it by. */
const MOST_NAMES = 3

function namesOf(models: readonly string[]): string {
  const named = models.slice(0, MOST_NAMES).map((model) => plainLine(model, 60))
  const others = models.length - named.length
  return others > 0 ? `${named.join(', ')} and ${others} other models` : named.join(', ')
}
