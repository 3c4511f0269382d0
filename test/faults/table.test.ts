import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { RECOVERY_WORDS } from '../../src/cli/render/words/recovery-words.ts'

const ROOT = new URL('../../', import.meta.url)

/** Runs that name the numbers they cover in their table of cases. */
const RUNS = 'test/faults/every-fault.test.ts'

interface Row {
  readonly number: string
  /** What happens, or the recovery class that meets it. */
  readonly fault: string
  readonly reaction: string
  readonly tests: readonly { readonly path: string; readonly title: string | undefined }[]
}

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8')
}

function rowsOf(document: string): readonly Row[] {
  const lines = document.split('\n').filter((line) => /^\| F\d+ /.test(line))
  return lines.map((line) => {
    const [number = '', fault = '', reaction = '', tests = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim())
    const named = [...tests.matchAll(/`([^`]+)`(?: “([^”]+)”)?/g)].map(([, path = '', title]) => ({ path, title }))
    return { number, fault, reaction, tests: named }
  })
}

/** The numbers that the runs under faults say they cover. */
function coveredByRuns(): ReadonlySet<string> {
  const covers = [...read(RUNS).matchAll(/covers: '([^']+)'/g)].map(([, text = '']) => text)
  return new Set(covers.flatMap((text) => text.match(/F\d+/g) ?? []))
}

/** The table of what differs by recovery class stands apart, with the class in place of the fault. */
const OF_CLASSES = /^## By recovery class[^]*?(?=^## )/m

const PAGE = read('docs/faults.md')
const ROWS = rowsOf(PAGE.replace(OF_CLASSES, ''))
const CLASS_ROWS = rowsOf(OF_CLASSES.exec(PAGE)?.[0] ?? '')
const NAMED = [...ROWS, ...CLASS_ROWS].flatMap(({ number, tests }) => tests.map((test) => ({ number, ...test })))

const RECOVERIES = Object.keys(RECOVERY_WORDS)

function isClass(text: string): boolean {
  return RECOVERIES.includes(text)
}

describe('the table of faults', () => {
  it('has every number once, in order', () => {
    const numbers = Array.from({ length: 131 }, (_, index) => `F${String(index + 1).padStart(2, '0')}`)
    expect(ROWS.map(({ number }) => number)).toEqual(numbers)
  })

  it('says for every number what is done, and names a test unless it cannot occur', () => {
    expect(ROWS.filter(({ reaction }) => reaction === '' || /\btodo\b/i.test(reaction))).toEqual([])
    const bare = ROWS.filter(({ tests }) => tests.length === 0)
    expect(bare.filter(({ reaction }) => !reaction.startsWith('Cannot occur'))).toEqual([])
  })

  it('says for every other recovery class what becomes of a lost create, and of each with a test', () => {
    const others = RECOVERIES.filter((recovery) => recovery !== 'marked')
    const ofLostCreate = CLASS_ROWS.filter(({ number }) => number === 'F27').map(({ fault }) => fault)
    expect(ofLostCreate.toSorted()).toEqual(others.toSorted())
    expect(CLASS_ROWS.filter(({ fault, reaction, tests }) => !isClass(fault) || !reaction || !tests.length)).toEqual([])
  })

  it('names only tests that exist, by the titles they have', () => {
    const absent = NAMED.filter(({ path, title }) => {
      if (!existsSync(new URL(path, ROOT))) return true
      if (title === undefined) return path !== RUNS
      return ![`'${title}'`, `\`${title}\``, `"${title}"`].some((text) => read(path).includes(text))
    })
    expect(absent).toEqual([])
  })

  it('names the runs under faults for exactly the numbers that they cover', () => {
    const claimed = new Set(NAMED.filter(({ path }) => path === RUNS).map(({ number }) => number))
    const covered = coveredByRuns()
    expect([...covered].filter((number) => !claimed.has(number))).toEqual([])
    expect([...claimed].filter((number) => !covered.has(number))).toEqual([])
  })
})
