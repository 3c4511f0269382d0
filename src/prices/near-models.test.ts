import { expect, it } from 'vitest'
import { nearModels } from './near-models.ts'

it.each([
  ['openai', 'gpt-6.1-tera', ['openai/gpt-6.1-terra']],
  ['mistral', 'mistral-smal-latest', ['mistral/mistral-small-latest']],
  ['openai', 'gpt-6.1-terra', []],
  ['openai', 'gpt-6.1-terra-2026-08-07', []],
  ['openai', 'gpt-6.2-terra', []],
  ['openai', 'gpt-4', []],
  ['mistral', 'magistral-small-latest', []],
  ['openai', 'ft:gpt-4o:mine', []],
  ['elsewhere', 'gpt-6.1-tera', []],
])('knows what %s/%s may have meant', (provider, model, near) => {
  expect(nearModels({ provider, model })).toEqual(near)
})
