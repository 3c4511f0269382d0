import * as fc from 'fast-check'
import { countTokens as countOlder } from 'gpt-tokenizer/encoding/cl100k_base'
import { countTokens as countNewer } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

/** Special tokens in a user's text are text; without the option they would be an error there. */
const AS_TEXT = { disallowedSpecial: new Set<string>() }

const TEXTS = [
  '',
  ' ',
  'Hello world',
  "It's the cat's; they'LL see, WE'RE here.",
  'line one\r\nline two\n\n\n   three\t\t',
  'const total = items.reduce((sum, item) => sum + item.price, 0) // 1234567890',
  'Überraschende Änderungen und größere Straßen',
  '日本語のテキスト、中文文本与标点。한국어 문장입니다',
  'नमस्ते दुनिया, مرحبا بالعالم, שלום עולם',
  '👩‍👩‍👧‍👦 🇩🇪 ❤️ \ud83d alone \ude00',
  'before <|endoftext|> and <|im_start|> after',
  'antidisestablishmentarianismfloccinaucinihilipilification',
  '\u0000\u0001\u007f\u00a0\u2028',
]

describe.each([
  { name: 'the newer vocabulary', model: 'gpt-6-luna', count: countNewer },
  { name: 'the older vocabulary', model: 'gpt-4', count: countOlder },
])('$name', ({ count, model }) => {
  const vocabulary = vocabularyOf({ provider: 'openai', endpoint: '/v1/chat/completions', model }) as Vocabulary

  it.each(TEXTS)('counts as the tokenizer does that others wrote: %j', (text) => {
    expect(vocabulary.count([text])).toBe(count(text, AS_TEXT))
  })

  it('counts any text as that tokenizer does', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(...TEXTS),
      fc.stringMatching(/^[a-zA-Z' ]{0,40}$/),
    )
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 6 }), (parts) => {
        // That one loses a byte order mark, while ours counts it as the token that it is.
        const text = parts.join('').replaceAll('\ufeff', '')
        expect(vocabulary.count([text])).toBe(count(text, AS_TEXT))
      }),
      { numRuns: 500 },
    )
  })

  it('counts a word beyond all measure with at most one token more for each 1,024 bytes', () => {
    const word = Array.from({ length: 3_000 }, (_, at) => String.fromCodePoint(0x61 + ((at * at) % 26))).join('')
    const [own, theirs] = [vocabulary.count([word]), count(word, AS_TEXT)]
    expect(own).toBeGreaterThanOrEqual(theirs)
    expect(own).toBeLessThanOrEqual(theirs + 2)
  })

  it('adds up several texts', () => {
    expect(vocabulary.count(['one', 'two three'])).toBe(3)
  })
})
