import { afterEach, describe, expect, it } from 'vitest'
import type { Target } from '../model/target.ts'
import { sizeInDataUrl } from './image-size.ts'
import { tierTokens } from './queue-tiers.ts'
import { tokenFeatures } from './token-features.ts'
import { estimateTokens, type TokenCounter, TokenCounters } from './tokens.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

const OPENAI: Target = { provider: 'openai', endpoint: '/v1/chat/completions', model: 'gpt-6-luna' }
const MISTRAL: Target = { ...OPENAI, provider: 'mistral', model: 'mistral-small-latest' }

/** What the tests opened, to be closed after each. */
const opened: { close(): void }[] = []

afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

function counterOf(target: Target, isCounting = true): TokenCounter {
  const counters = new TokenCounters(isCounting)
  opened.push(counters)
  return counters.of(target)
}

function openaiVocabulary(model = OPENAI.model): Vocabulary {
  const vocabulary = vocabularyOf({ ...OPENAI, model })
  if (!vocabulary) throw new Error('gpt-tokenizer is not installed')
  opened.push(vocabulary)
  return vocabulary
}

function line(content: unknown, body: object = {}): Buffer {
  const messages = [{ role: 'user', content }]
  const request = { custom_id: 'bnonce0000000001', body: { model: 'm', messages, ...body } }
  return Buffer.from(JSON.stringify(request))
}

const SENTENCES = [
  'The invoice was paid twice, and nobody has answered my letters since.',
  'Please return the parcel to the address on the label.',
  'My account is locked although I have changed the password.',
  'Die Lieferung kam zu spät und war beschädigt.',
  'const total = items.reduce((sum, item) => sum + item.price, 0)',
]

/** Texts of several sentences, each another mixture. */
const TEXTS = Array.from({ length: 1_500 }, (_, index) =>
  Array.from(
    { length: 1 + (index % 9) },
    (__, place) => SENTENCES[(index * 7 + place * place) % SENTENCES.length],
  ).join(' '),
)

describe('the token counter', () => {
  it('meets the sum of many rows within a few parts in a hundred, counting few of them', () => {
    const counter = counterOf(OPENAI)
    let estimated = 0
    for (const text of TEXTS) estimated += counter.count(line(text), null)
    const exact = openaiVocabulary().count(TEXTS) + TEXTS.length * 7
    expect(estimated / exact).toBeGreaterThan(0.97)
    expect(estimated / exact).toBeLessThan(1.03)
    expect(counter.method).toBe('fitted')
  })

  it('counts the first rows of an OpenAI model exactly', () => {
    const counter = counterOf(OPENAI)
    expect(counter.count(line('Hello world'), null)).toBe(2 + 4 + 3)
    expect(counter.count(line('Text with <|endoftext|> in it'), null)).toBeGreaterThan(10)
  })

  it('counts a row exactly that is a large part of what may wait', () => {
    const long = 'internationalization '.repeat(20_000)
    const counter = counterOf(OPENAI)
    for (const text of TEXTS) counter.count(line(text), 50_000)
    expect(counter.count(line(long), 50_000)).toBe(openaiVocabulary().count([long]) + 7)
  })

  it('knows no vocabulary of other providers, and estimates all the same', () => {
    expect(vocabularyOf(MISTRAL)).toBeNull()
    const text = SENTENCES.join(' ').repeat(10)
    const proportion = counterOf(MISTRAL).count(line(text), null) / openaiVocabulary().count([text])
    expect(proportion).toBeGreaterThan(0.8)
    expect(proportion).toBeLessThan(1.4)
  })

  it('uses the older vocabulary for older models only', () => {
    const texts = ['Überraschende Änderungen und größere Straßen']
    const older = openaiVocabulary('gpt-4-turbo').count(texts)
    const newer = openaiVocabulary('gpt-6-sol').count(texts)
    expect(older).toBeGreaterThan(newer)
    expect(openaiVocabulary('ft:gpt-6-luna:acme').count(texts)).toBe(newer)
  })

  it('counts four bytes a token when it is turned off', () => {
    const counter = counterOf(OPENAI, false)
    expect([counter.method, counter.count(Buffer.alloc(4_001), null)]).toEqual(['bytes', 1_001])
  })

  it('counts a picture by its rule and not by its base64', () => {
    const picture = `data:image/png;base64,${png(1_024, 1_024)}${'A'.repeat(400_000)}`
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: picture, detail: 'high' } },
    ]
    const tokens = counterOf({ ...OPENAI, model: 'gpt-6-sol' }).count(line(content), null)
    expect(tokens).toBeGreaterThan(765)
    expect(tokens).toBeLessThan(800)
  })

  it('counts pictures in the words of responses too', () => {
    const input = [
      { role: 'user', content: [{ type: 'input_image', image_url: 'https://a.example/b.png', detail: 'low' }] },
    ]
    const request = { custom_id: 'bnonce0000000001', body: { model: 'gpt-6-sol', input } }
    const counter = counterOf({ ...OPENAI, endpoint: '/v1/responses', model: 'gpt-6-sol' })
    expect(counter.count(Buffer.from(JSON.stringify(request)), null)).toBeLessThan(100)
  })
})

describe('a vocabulary', () => {
  it('counts again after it was closed', () => {
    const vocabulary = openaiVocabulary()
    const before = vocabulary.count(['one two three'])
    vocabulary.close()
    expect(vocabulary.count(['one two three'])).toBe(before)
  })
})

describe('sizeInDataUrl', () => {
  it.each([
    ['a PNG', `data:image/png;base64,${png(640, 480)}`, { width: 640, height: 480 }],
    [
      'a GIF',
      `data:image/gif;base64,${Buffer.from('474946383961800267010000', 'hex').toString('base64')}`,
      { width: 640, height: 359 },
    ],
    ['a JPEG behind its notes', `data:image/jpeg;base64,${jpeg(1_200, 900)}`, { width: 1_200, height: 900 }],
    ['another kind', 'data:image/webp;base64,UklGRgAA', null],
    ['a URL', 'https://example.com/a.png', null],
    ['a cut PNG', 'data:image/png;base64,iVBORw0KGgo', null],
  ])('reads %s', (_, url, size) => {
    expect(sizeInDataUrl(url)).toEqual(size)
  })
})

describe('tokenFeatures', () => {
  it('counts words, letters, digits, signs and other characters, and an escape as one sign', () => {
    expect(tokenFeatures(Buffer.from('{"Ab cd\\n12é日"}'))).toEqual([1, 2, 4, 2, 5, 2])
  })

  it('reads long text in part and means all of it', () => {
    const [, words, letters] = tokenFeatures(Buffer.from('seven letters '.repeat(3_000)))
    expect(words / 6_000).toBeCloseTo(1, 1)
    expect(letters / 36_000).toBeCloseTo(1, 1)
  })
})

describe('tierTokens', () => {
  it.each([
    ['gpt-5.6-luna', 1, 5_000_000],
    ['gpt-5.6-luna-2026-07-20', 2, 20_000_000],
    ['gpt-5.6-luna', 5, 15_000_000_000],
    ['gpt-5.6-luna-audio', 1, null],
    ['unheard-of', 1, null],
  ])('of %s in tier %i is %s', (model, tier, tokens) => {
    expect(tierTokens({ ...OPENAI, model }, tier)).toBe(tokens)
  })
})

describe('estimateTokens', () => {
  it.each([
    [0, 0],
    [1, 1],
    [4_000, 1_000],
  ])('of %i bytes is %i', (bytes, tokens) => {
    expect(estimateTokens(bytes)).toBe(tokens)
  })
})

/** The head of a PNG. */
function png(width: number, height: number): string {
  const head = Buffer.alloc(24)
  head.write('89504e470d0a1a0a0000000d49484452', 'hex')
  head.writeUInt32BE(width, 16)
  head.writeUInt32BE(height, 20)
  return head.toString('base64')
}

/** The head of a JPEG with a segment of notes before its frame. */
function jpeg(width: number, height: number): string {
  const notes = Buffer.alloc(4_002, 0x20)
  notes.writeUInt16BE(0xffe1, 0)
  notes.writeUInt16BE(4_000, 2)
  const frame = Buffer.from('ffc0001108000000000300', 'hex')
  frame.writeUInt16BE(height, 5)
  frame.writeUInt16BE(width, 7)
  return Buffer.concat([Buffer.from('ffd8', 'hex'), notes, frame]).toString('base64')
}
