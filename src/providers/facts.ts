/**
 * What is known of a provider and its models besides limits, as data and pure functions. The rooms that plan and price read
 * it and hold the general rule; every fact stands in the provider's own folder.
 */
export interface ProviderFacts {
  /**
   * Input tokens that may wait for a model, by usage tier from 1 to 5; null where no number is published. A model that is
   * not named has none.
   */
  readonly queueTiers: Readonly<Record<string, readonly (number | null)[]>>
}
