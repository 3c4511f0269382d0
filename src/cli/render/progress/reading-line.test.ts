import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { thisMachine } from '../../../lib/machine.ts'
import { Shell } from '../../shell.ts'
import { readingLine } from './reading-line.ts'

function shellWith(isTTY: boolean): { shell: Shell; said: () => string } {
  const error = Object.assign(new PassThrough(), { isTTY })
  const machine = { ...thisMachine(), environment: {} }
  const shell = new Shell(machine, { input: new PassThrough(), output: new PassThrough(), error })
  return { shell, said: () => String(error.read() ?? '') }
}

it('tells a person how many rows were read, first within two seconds and then ever more rarely', () => {
  const { said, shell } = shellWith(true)
  let nowMs = 0
  const tell = readingLine(shell, { monotonic: () => nowMs })
  const saidAt: number[] = []
  for (nowMs = 0; nowMs <= 10_000; nowMs += 100) {
    tell?.(nowMs * 60)
    const text = said()
    if (text === '') continue
    expect(text).toBe(`Reading: ${(nowMs * 60).toLocaleString('en-US')} rows …\n`)
    saidAt.push(nowMs)
  }
  expect(saidAt).toEqual([1_000, 2_000, 4_000, 8_000])
})

it('says nothing without a terminal', () => {
  expect(readingLine(shellWith(false).shell, { monotonic: () => 0 })).toBeUndefined()
})
