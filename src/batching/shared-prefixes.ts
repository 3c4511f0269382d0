import { hash } from 'node:crypto'
import { isJsonObject, type JsonObject } from '../lib/json.ts'
import { type CachePrefix, withCachePrefix } from '../log/cache-prefix.ts'
import type { RunDefinition } from '../model/run.ts'
import { CHAT_ENDPOINT, type Target, targetKey } from '../model/target.ts'
import { PrefixTally, type TargetPrefixes } from '../plan/prompt-cache.ts'
import { estimateTokens } from '../plan/tokens.ts'
import { factsOf } from '../providers/known.ts'
import type { PlannableRequest } from './prepared-row.ts'

/** Beginnings that are kept apart after reading ahead; requests with further ones are sent without a mark. */
const MOST_PREFIXES = 100

/** The fewest requests that are cheaper together: writing for an hour costs as much as two, and reading a little. */
const LEAST_REQUESTS = 3

/** A request, and the name of the beginning that it shares. */
export interface MarkedRequest {
  readonly body: string
  /** Tells it from other beginnings. @default it shares none */
  readonly prefix?: string
}

/** A beginning that others may share. */
interface Beginning extends CachePrefix {
  readonly name: string
  readonly tokens: number
}

/**
 * Finds the long beginnings that requests share, where the provider serves batches from a cache: the templates up to the
 * first placeholder, or the first messages of a row, all but the last one or those of the system. Which of these are
 * shared is learnt from the requests that are read ahead, so that each request is marked as it comes; memory is bounded.
 */
export class SharedPrefixes {
  readonly #literals: readonly Literal[]
  readonly #isMarking: boolean
  /** Requests that were read ahead, by each of their beginnings. */
  readonly #ahead = new Map<string, number>()
  /** The beginnings that enough of them share; known once all were looked at. */
  #shared: ReadonlySet<string> | undefined
  readonly #tally = new PrefixTally()

  /** `isMarking` false only counts, for what a plan says. */
  constructor(definition: Pick<RunDefinition, 'messages' | 'prompt' | 'system'>, isMarking: boolean) {
    this.#literals = literalsOf(definition)
    this.#isMarking = isMarking
  }

  /** Looks at a request that was read ahead; to be called for all of these before the first `mark`. */
  lookAt(request: Pick<PlannableRequest, 'body' | 'target'>): void {
    for (const { name } of this.#beginningsOf(request)) this.#ahead.set(name, (this.#ahead.get(name) ?? 0) + 1)
  }

  /** Counts a request that is to be sent; its body names the beginning that it shares, where that is to be kept. */
  mark(request: Pick<PlannableRequest, 'body' | 'target'>): MarkedRequest {
    const { body, target } = request
    this.#shared ??= this.#mostShared()
    const { size } = this.#shared
    const found = size === 0 ? undefined : this.#beginningsOf(request).find(({ name }) => this.#shared?.has(name))
    if (!found) return { body }
    this.#tally.add(target, found)
    return this.#isMarking ? { body: withCachePrefix(body, found), prefix: found.name } : { body }
  }

  /** The beginnings that the requests of a target share, as far as they were counted. */
  of(target: Target): TargetPrefixes {
    return this.#tally.of(target)
  }

  #mostShared(): ReadonlySet<string> {
    const shared = [...this.#ahead].filter(([, requests]) => requests >= LEAST_REQUESTS)
    this.#ahead.clear()
    shared.sort(([, one], [, other]) => other - one)
    return new Set(shared.slice(0, MOST_PREFIXES).map(([name]) => name))
  }

  /** The beginnings of a request that are long enough, the longest first. */
  #beginningsOf({ body, target }: Pick<PlannableRequest, 'body' | 'target'>): readonly Beginning[] {
    const { promptCache, responseFormatField } = factsOf(target.provider)
    // What a user has marked is served as it was marked.
    if (promptCache === null || target.endpoint !== CHAT_ENDPOINT || body.includes('"cache_control"')) return []
    const json: unknown = JSON.parse(body)
    const messages = isJsonObject(json) && Array.isArray(json['messages']) ? json['messages'].filter(isJsonObject) : []
    const before = isJsonObject(json) ? JSON.stringify([json['tools'], json[responseFormatField]]) : ''
    return [literalPrefix(messages, this.#literals), systemMessages(messages), allButLast(messages)]
      .map((found) => ({ ...found, tokens: estimateTokens(Buffer.byteLength(found.text)) }))
      .filter(({ tokens }) => tokens >= promptCache.leastTokens(target.model))
      .sort((one, other) => other.text.length - one.text.length)
      .filter(({ text }, index, all) => text.length !== all[index - 1]?.text.length)
      .map(({ characters, messages: whole, text, tokens }) => {
        const name = hash('sha256', [targetKey(target), before, whole, text].join('\n'), 'base64')
        return { name, tokens, messages: whole, characters }
      })
  }
}

/** The text of a template before its first placeholder, and whether that is all of it. */
interface Literal {
  readonly text: string
  readonly isWhole: boolean
}

/** The templates in the order of the messages that they become. */
function literalsOf({ messages, prompt, system }: Pick<RunDefinition, 'messages' | 'prompt' | 'system'>): Literal[] {
  const templates = [system, ...(messages ?? []).map(({ content }) => content), prompt]
  return templates.filter((template) => template !== null).map(literalOf)
}

function literalOf(template: string): Literal {
  const end = template.search(/\{\{|\{%|\{#/)
  // A placeholder may swallow the white space around it.
  return end < 0 ? { text: template, isWhole: true } : { text: template.slice(0, end).trimEnd(), isWhole: false }
}

interface Found extends CachePrefix {
  readonly text: string
}

/** As far as the messages are what the templates say whatever the row. */
function literalPrefix(messages: readonly JsonObject[], literals: readonly Literal[]): Found {
  let text = ''
  for (const [index, literal] of literals.entries()) {
    const content = messages[index]?.['content']
    if (literal.isWhole && content === literal.text) {
      text += literal.text
      continue
    }
    const beginning = leadingText(content)
    const isShared = literal.text !== '' && beginning.startsWith(literal.text) && beginning !== literal.text
    const characters = isShared ? literal.text.length : 0
    return { text: text + beginning.slice(0, characters), messages: index, characters }
  }
  return { text, messages: literals.length, characters: 0 }
}

/** The messages of the system at the beginning. */
function systemMessages(messages: readonly JsonObject[]): Found {
  const turn = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer')
  return firstMessages(messages, Math.max(0, turn))
}

/** A conversation before its last message: what examples and documents stand in. */
function allButLast(messages: readonly JsonObject[]): Found {
  return firstMessages(messages, Math.max(0, messages.length - 1))
}

/** So many messages, or those before one that holds more than text. */
function firstMessages(messages: readonly JsonObject[], wanted: number): Found {
  const texts = messages.slice(0, wanted).map(({ content }) => textOf(content))
  const known = texts.findIndex((text) => text === undefined)
  const whole = known < 0 ? texts : texts.slice(0, known)
  return { text: whole.join(''), messages: whole.length, characters: 0 }
}

/** The text of a message that holds nothing else. */
function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content
  if (!Array.isArray(content) || content.length === 0) return undefined
  const texts = content.map((part: unknown) => (isJsonObject(part) ? part['text'] : undefined))
  return texts.every((text) => typeof text === 'string') ? texts.join('') : undefined
}

/** The text that a message begins with. */
function leadingText(content: unknown): string {
  const first: unknown = Array.isArray(content) ? content[0] : content
  const text = isJsonObject(first) ? first['text'] : first
  return typeof text === 'string' ? text : ''
}
