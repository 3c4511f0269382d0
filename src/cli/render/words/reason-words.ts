import { tellingIn } from '../../../library/told.ts'
import { inFlags } from '../../../model/options/mention.ts'
import type { TellReason } from '../../../model/reason.ts'

/** Why a batch or a run does not go on, with options as they are typed. */
export const tellReason: TellReason = tellingIn(inFlags)
