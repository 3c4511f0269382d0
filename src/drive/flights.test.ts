import { expect, it } from 'vitest'
import { Flights } from './flights.ts'

it('a step that ended since the store was looked at is not begun again by what was read before', async () => {
  const flights = new Flights(2)
  let land: () => void = () => undefined
  const step = new Promise<void>((resolve) => {
    land = resolve
  })
  flights.start('1', 'poll', step)
  flights.beginLook()
  expect(flights.haveLanded).toBe(false)
  land()
  await flights.all()
  expect({ count: flights.count, has: flights.has('1'), haveLanded: flights.haveLanded }).toEqual({
    count: 0,
    has: true,
    haveLanded: true,
  })
  flights.beginLook()
  expect(flights.has('1')).toBe(false)
})
