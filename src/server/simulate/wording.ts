/** The APIs whose words the simulated model knows; another API's answers are made from one of these. */
export type Wording = 'openai' | 'mistral'
