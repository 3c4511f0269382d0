import { describe, expect, it } from 'vitest'
import { FAULTS } from './catalogue.ts'
import { parseFaultRule } from './rule.ts'

describe('a fault rule', () => {
  it.each([
    ['create=reset', { call: 'create', fault: 'reset' }],
    ['create:1=accept-then-500', { call: 'create', from: 1, to: 1, fault: 'accept-then-status', argument: '500' }],
    ['get:2-4=404', { call: 'get', from: 2, to: 4, fault: 'status', argument: '404' }],
    ['list:5+=lag(2000)', { call: 'list', from: 5, fault: 'lag', argument: '2000' }],
    ['any:25%=html(503)', { call: 'any', probability: 0.25, fault: 'html', argument: '503' }],
    ['content:*=cut(0.5)', { call: 'content', fault: 'cut', argument: '0.5' }],
    [
      'run:1=refuse(invalid_json_line@3)',
      { call: 'run', from: 1, to: 1, fault: 'refuse', argument: 'invalid_json_line@3' },
    ],
  ])('reads %s', (text, rule) => {
    expect(parseFaultRule(text)).toEqual(rule)
  })

  it.each([
    ['nonsense', 'does not look like'],
    ['creat=reset', 'unknown call creat'],
    ['create=explode', 'unknown fault explode'],
    ['create:x=reset', 'neither a number nor a range'],
    ['create=cut', 'can be put on content'],
    ['run=reset', 'can be put on any'],
  ])('refuses %s and says why', (text, reason) => {
    expect(() => parseFaultRule(text)).toThrow(reason)
  })
})

describe('the catalogue of faults', () => {
  it('names every fault once', () => {
    const names = FAULTS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
