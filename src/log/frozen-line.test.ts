import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wireId } from '../model/ids.ts'
import { bodyOf, contentOf, frozenLine, frozenOverheadBytes, idOf, parsedBodyOf, withId } from './frozen-line.ts'

const TARGET = { provider: 'any', endpoint: '/v1/a"b\\,"body":c', model: 'm' }
const FROM = wireId('b1a2b3c4d', 1)
const TO = wireId('bz9y8x7w6', 1)

const lineOf = (body: string, id = FROM): Buffer => Buffer.from(frozenLine({ wireId: id, target: TARGET, body }))

describe('a frozen line', () => {
  it('gives its parts back as they were, with any text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = JSON.stringify({ ',"body":': value })
        const line = lineOf(body)
        expect(idOf(line)).toBe(FROM)
        expect(bodyOf(line)).toBe(body)
        expect(parsedBodyOf(line)).toEqual(JSON.parse(body))
        expect(line.length).toBe(frozenOverheadBytes(TARGET) + Buffer.byteLength(body))
        expect(JSON.parse(line.toString())).toMatchObject({ url: TARGET.endpoint })
      }),
    )
  })

  it('changes its id and no other byte, in lines with any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const body = JSON.stringify({ text })
        expect(Buffer.from(withId(lineOf(body), FROM, TO))).toEqual(lineOf(body, TO))
        expect(Buffer.from(withId(lineOf(body), 'b1a2b3c4d', 'bz9y8x7w6'))).toEqual(lineOf(body, TO))
        expect(contentOf(lineOf(body))).toEqual(contentOf(lineOf(body, TO)))
      }),
    )
  })

  it('leaves the given line as it was where its id is changed', () => {
    const line = lineOf('{"text":"ä\\u0001"}')
    const before = line.toString()
    withId(line, FROM, TO)
    expect(line.toString()).toBe(before)
  })

  it('is refused where it carries another id than told, or has no body', () => {
    expect(() => withId(lineOf('{}'), TO, FROM)).toThrow('does not carry')
    expect(() => withId(Buffer.from('{}'), FROM, TO)).toThrow('does not carry')
    expect(() => bodyOf(Buffer.from(`{"custom_id":"${FROM}"}`))).toThrow('damaged')
  })
})
