import { HOUR_MS } from '../lib/duration.ts'
/** How much earlier than our clock says the provider's clock may have stamped a batch. */
export const CLOCK_SKEW_MS = HOUR_MS
