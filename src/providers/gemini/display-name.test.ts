import { expect, it } from 'vitest'
import { displayNameOf, markersIn } from './display-name.ts'

const NONCE = '0123456789abcdefghijklmno'
const HASH = 'a'.repeat(64)

it('the name of a batch gives back every marker that it was made of', () => {
  for (const markers of [
    { llm_batch_nonce: NONCE },
    { llm_batch_nonce: NONCE, llm_batch_content: HASH },
    { llm_batch_nonce: NONCE, llm_batch_content: HASH, llm_batch_probe: '1' },
  ]) {
    expect(markersIn(displayNameOf(markers))).toEqual(markers)
  }
})

it('a name that was cut behind the nonce still gives the nonce back', () => {
  for (const name of [`llm-batch-${NONCE}-`, `llm-batch-${NONCE}-${HASH.slice(1)}`]) {
    expect(markersIn(name)).toEqual({ llm_batch_nonce: NONCE })
  }
})

it('a name that is not ours has no marker', () => {
  for (const name of [null, '', 'llm-batch-', `llm-batch-${NONCE}-${HASH}-more`, `my llm-batch-${NONCE}`]) {
    expect(markersIn(name)).toEqual({})
  }
})
