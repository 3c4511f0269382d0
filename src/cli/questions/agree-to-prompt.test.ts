import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { thisMachine } from '../../lib/machine.ts'
import { Shell } from '../shell.ts'
import { agreeToPrompt } from './agree-to-prompt.ts'

/** A shell whose person answers so, or that has no person. */
function shellWith(answer: string | null): Shell {
  const isTTY = answer !== null
  const input = Object.assign(new PassThrough(), { isTTY })
  if (answer !== null) input.write(`${answer}\n`)
  return new Shell(thisMachine(), {
    input,
    output: new PassThrough(),
    error: Object.assign(new PassThrough().resume(), { isTTY }),
  })
}

const CONSTANT = { isConstant: true, warnings: [] }

describe('agreeing to a prompt that says the same for every row', () => {
  it.each([
    ['a person says yes', 'y', CONSTANT, 2],
    ['only one row is asked', null, CONSTANT, 1],
    ['the prompt differs by row', null, { isConstant: false, warnings: [] }, 2],
  ])('goes on where %s', async (_name, answer, review, requests) => {
    await expect(agreeToPrompt(shellWith(answer), review, requests)).resolves.toBeUndefined()
  })

  it.each([
    ['a person says no', 'n', 'you did not accept the prompt; nothing was sent'],
    ['no user can be asked', null, /no placeholder, and asks every row the same; nothing was sent/],
  ])('ends where %s', async (_name, answer, message) => {
    const refused = { code: 'usage', message: expect.stringMatching(message) }
    await expect(agreeToPrompt(shellWith(answer), CONSTANT, 2)).rejects.toMatchObject(refused)
  })
})
