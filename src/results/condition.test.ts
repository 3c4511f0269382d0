import { describe, expect, it } from 'vitest'
import { sampleResult, sampleRow } from '../../test/support/row-outcomes.ts'
import { sampleRun } from '../../test/support/run-records.ts'
import { readCondition } from './condition.ts'
import { rowLooker } from './row-view.ts'

const COLUMNS = ['text', 'n', 'big', 'meta', 'a=b', 'status', 'customer.name', 'empty']

const run = sampleRun({ columns: COLUMNS.map((name) => ({ name, type: null })) })

const look = rowLooker(() => 0.002)

const json =
  '{"text":"A Refund, please","n":"007","big":12345678901234567890,"meta":{"lang":"de","tags":["x","y"]},"a=b":"c","status":"open","customer.name":"Ada","empty":null}'

const answered = look(
  sampleRow(4, {
    id: 'r-5',
    json,
    result: sampleResult({ output: '{"label":"billing","score":0.5,"at":{"city":"Bonn"}}' }),
  }),
)
const failed = look(
  sampleRow(5, {
    json,
    result: sampleResult({ status: 'failed', output: null, code: 'rate_limit', reason: 'too many', usage: null }),
  }),
)

function fits(text: string): readonly [boolean, boolean] {
  const condition = readCondition(text, run)
  return [condition.matches(answered), condition.matches(failed)]
}

describe('a condition', () => {
  it.each<[string, boolean, boolean]>([
    ['llm_status=failed', false, true],
    ['llm_status!=failed', true, false],
    ['output~BILLING', true, false],
    ['error~rate_limit', false, true],
    ['error=rate_limit: too many', false, true],
    ['error=', true, false],
    ['output=', false, true],
    ['output!=', true, false],
    ['llm_output.label=billing', true, false],
    ['output.label = billing', true, false],
    ['output.at.city=Bonn', true, false],
    ['output.score>=0.5', true, false],
    ['output.score<0.5', false, false],
    ['output.absent=', true, true],
    ['output.constructor=', true, true],
    ['output.label.length=', true, true],
    ['text~refund', true, true],
    ['text=refund', false, false],
    ['n=7', false, false],
    ['n=007', true, true],
    ['n<8', true, true],
    ['big=12345678901234567890', true, true],
    ['big=12345678901234567891', false, false],
    ['meta.lang=de', true, true],
    ['meta.tags.1=y', true, true],
    ['meta~"lang"', true, true],
    ['customer.name=Ada', true, true],
    ['a=b=c', true, true],
    ['a=b!=c', false, false],
    ['empty=', true, true],
    ['empty<1', false, false],
    ['text<1', false, false],
    ['cost_usd=0.0020', true, true],
    ['cost_usd>0.001', true, true],
    ['prompt_tokens>10', true, false],
    ['prompt_tokens<=12', true, false],
    ['id=r-5', true, false],
    ['line=5', true, false],
    ['line>5', false, true],
    ['status=open', true, true],
  ])('%s holds for an answered row: %s, for a failed one: %s', (text, forAnswered, forFailed) => {
    expect(fits(text)).toEqual([forAnswered, forFailed])
  })

  it.each([
    ['txet=1', /no column "txet"/, /text/],
    ['output', /not a condition/, /COLUMN=VALUE/],
    ['=failed', /not a condition/, /COLUMN=VALUE/],
    ['llm_status=faild', /status "faild"/, /failed/],
    ['llm_status=nonsense', /status "nonsense"/, /succeeded, failed/],
    ['cost_usd>much', /not a number/, /=/],
    ['error.code=1', /no column "error\.code"/, /output\.NAME/],
  ])('%s is refused', (text, message, next) => {
    expect(() => readCondition(text, run)).toThrow(message)
    expect(() => readCondition(text, run)).toThrow(
      expect.objectContaining({ code: 'usage', next: expect.stringMatching(next) as string }),
    )
  })
})
