/**
 * The only providers that are named outside of their own folders: the default, and the examples in help and messages.
 */
export const DEFAULT_PROVIDER = 'openai'

/** Models that the user serves; what the command itself executes belongs to it. */
export const LOCAL_PROVIDER = 'local'

export const EXAMPLE_PROVIDER = 'mistral'

/** Models by the names that their providers give them. */
export const EXAMPLE_MODEL_NAMES = 'gpt-6.1-terra or mistral-small-latest'

/** As a user writes a model. */
export const EXAMPLE_MODEL = 'openai/gpt-6.1-terra'

export const EXAMPLE_MODELS = `${EXAMPLE_MODEL} or mistral/mistral-small-latest`
