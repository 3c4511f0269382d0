/** How much earlier than our clock says the provider's clock may have stamped a batch. */
export const CLOCK_SKEW_MS = 3_600_000
