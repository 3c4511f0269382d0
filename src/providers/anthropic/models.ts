/** Models of the fifth generation and after, which think by themselves (guide on thinking, 2026-11-09). */
const THINKS = /^claude-(?:fable|mythos|(?:opus|sonnet|haiku)-[5-9])/

/** Models after Opus 4.6, which take no other sampling than their own (doc comments of the SDK 0.137.0, 2026-11-22). */
const OWN_SAMPLING = /^claude-(?:fable|mythos|opus-4-[78]|(?:opus|sonnet|haiku)-[5-9])/

/** Models from 4.6 on, which do not go on from a beginning of the answer. */
const NO_BEGINNING = /^claude-(?:fable|mythos|opus-4-[678]|sonnet-4-6|(?:opus|sonnet|haiku)-[5-9])/

/** Models that cannot be made to call a tool (pages on what is new in Opus 5.5 and Sonnet 5.5, 2026-11-28). */
const NO_FORCED_TOOL = /^claude-(?:fable-5-[1-9]|mythos-5-[1-9]|opus-5-5|sonnet-5-5)/

/** Models whose thinking cannot be switched off. */
const ALWAYS_THINKS = /^claude-(?:fable|mythos|opus-5-5|sonnet-5-5)/

/** Models without levels of effort. */
const NO_EFFORT = /^claude-(?:[23]|haiku-4|sonnet-4(?:-5|-0|-20|$)|opus-4(?:-[01]|-20|$))/

/** Models that take a temperature or `top_p`, not both. */
const ONE_SAMPLING = /^claude-haiku-4-5/

/** Models whose answers have at most 4,096 tokens. */
const SHORT_ANSWERS = /^claude-(?:2|3-(?:haiku|opus|sonnet))/

/** Models with a context window of 200,000 tokens, where a request may have fewer images. */
const SMALL_WINDOW = /^claude-(?:[23]|haiku-4|sonnet-4(?:-5|-0|-20|$)|opus-4(?:-[015]|-20|$))/

/**
 * Models that keep a beginning of 1,024 tokens, and of 2,048, in their cache (guide on prompt caching, as gateways quote it,
 * 2026-11-28). Others need 4,096, and so does a model of which nothing was seen.
 */
const SHORT_CACHE = /^claude-(?:sonnet-4(?:-5|-0|-20|$)|opus-4(?:-[01]|-20|$)|3-7)/
const MIDDLE_CACHE = /^claude-(?:sonnet-4-6|3-(?:5-)?haiku)/

/** The abilities of a model, as far as its name tells; of one that is not known, nothing is held against it. */
export function modelTraits(model: string) {
  return {
    thinks: THINKS.test(model),
    alwaysThinks: ALWAYS_THINKS.test(model),
    hasOwnSampling: OWN_SAMPLING.test(model),
    hasOneSampling: ONE_SAMPLING.test(model),
    goesOnFromBeginning: !NO_BEGINNING.test(model),
    canBeForced: !NO_FORCED_TOOL.test(model),
    hasEffort: !NO_EFFORT.test(model),
    leastCachedTokens: SHORT_CACHE.test(model) ? 1_024 : MIDDLE_CACHE.test(model) ? 2_048 : 4_096,
    mostImages: SMALL_WINDOW.test(model) ? 100 : 600,
  }
}

/**
 * The most tokens of an answer where the request does not say: the API wants a number. Thoughts count too, so models that
 * think get more.
 */
export function defaultMaxTokens(model: string): number {
  if (SHORT_ANSWERS.test(model)) return 4_096
  return THINKS.test(model) ? 16_384 : 8_192
}
