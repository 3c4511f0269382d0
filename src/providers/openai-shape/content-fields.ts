/** Body fields that say what is asked or by whom, not how; over all endpoints. */
export const CONTENT_FIELDS: readonly string[] = [
  'messages',
  'input',
  'inputs',
  'prompt',
  'suffix',
  'document',
  'instructions',
  'metadata',
  'user',
  'seed',
  'random_seed',
  'safety_identifier',
  'prompt_cache_key',
]
