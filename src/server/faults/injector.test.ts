import { describe, expect, it } from 'vitest'
import { FaultInjector } from './injector.ts'

describe('the fault injector', () => {
  it('strikes the calls a rule counts, and combines rules', () => {
    const injector = new FaultInjector(1, ['create:2=reset', 'create:2-3=slow(5)'])
    const names = [1, 2, 3, 4].map(() => injector.take('create').list.map(({ name }) => name))
    expect(names).toEqual([[], ['reset', 'slow'], ['slow'], []])
    expect(injector.fired).toMatchObject([{ call: 'create', number: 2 }, { number: 2 }, { name: 'slow', number: 3 }])
  })

  it('counts all HTTP calls together for any, and leaves executions alone', () => {
    const injector = new FaultInjector(1, ['any:2=500'])
    expect(injector.take('run').list).toEqual([])
    expect(injector.take('get').list).toEqual([])
    expect(injector.take('list').list).toEqual([{ name: 'status', argument: '500' }])
  })

  it('draws the same chances for the same seed', () => {
    const drawn = (seed: number): boolean[] => {
      const injector = new FaultInjector(seed, ['get:50%=reset'])
      return Array.from({ length: 40 }, () => injector.take('get').has('reset'))
    }
    expect(drawn(7)).toEqual(drawn(7))
    expect(drawn(7)).not.toEqual(drawn(8))
    expect(new Set(drawn(7))).toEqual(new Set([true, false]))
  })
})
