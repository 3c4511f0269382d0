// ARCHITECTURE.md opens with pictures. Two are drawn from the tables that the code is held to: DIAGRAMS=draw writes them
// into the page. The third is held to the steps that a simulated run passes.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { carryOut } from '../../proof/carry-out.ts'
import { promptsOf, UNDISTURBED } from '../../proof/plan.ts'
import { readSources } from '../architecture/facts.ts'
import { blocksOf } from '../support/page-blocks.ts'
import { drawRooms, drawStages, heldMoves, idleEvents } from './diagrams.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = join(ROOT, 'ARCHITECTURE.md')
const sources = readSources(join(ROOT, 'src'))

/** What stands between the two comments of this name. */
function marked(name: string): RegExp {
  return new RegExp(`(?<=<!-- drawn: ${name} -->\n).*?(?=\n<!-- end -->)`, 's')
}

describe('ARCHITECTURE.md', () => {
  it.each([
    ['rooms', () => `\`\`\`mermaid\n${drawRooms(sources)}\n\`\`\``],
    ['stages', () => `\`\`\`mermaid\n${drawStages()}\n\`\`\`\n\n${heldMoves()}`],
  ])('draws the %s as the tables of the code have them; `DIAGRAMS=draw` draws them again', async (name, draw) => {
    const page = await readFile(PAGE, 'utf8')
    if (process.env['DIAGRAMS'] === 'draw') await writeFile(PAGE, page.replace(marked(name), draw))
    const [drawn] = marked(name).exec(await readFile(PAGE, 'utf8')) ?? []
    expect(drawn).toBe(draw())
    expect(idleEvents()).toEqual([])
  })

  it('shows every point of a create at which a process may die, and what the next process does then', async () => {
    const plan = { ...UNDISTURBED, name: 'a create', provider: 'openai', prompts: promptsOf(2) } as const
    const points = pointsOfCreate((await carryOut(plan)).trace)
    const [diagram] = (await blocksOf('ARCHITECTURE.md', ['mermaid'])).filter(({ text }) => text.startsWith('sequence'))
    const drawn = [...(diagram?.text ?? '').matchAll(/✕(\d+) (\w+(?: \w+)?)/g)]
    expect(drawn.map(([, number, step]) => `${number} ${step}`)).toEqual(
      points.map(({ name }, place) => `${place + 1} ${name}`),
    )
    const told = deedsIn(await readFile(PAGE, 'utf8'))
    for (const [place, { step }] of points.entries()) {
      const { trace } = await carryOut({ ...plan, crashes: [{ step, kind: 'death' }] })
      const calls = stepsOf(trace.slice(trace.findIndex((line) => line.includes('death before step'))))
        .filter(({ name }) => name.startsWith('send'))
        .map(({ name }) => name)
      // It looks first whether another home has sent the same work, or where the batch in doubt is, unless its id is known.
      const isKnown = calls[0] === 'send get'
      expect(isKnown || calls[0] === 'send list').toBe(true)
      expect({ point: place + 1, does: isKnown ? calls[0] : calls[1] }).toEqual({ point: place + 1, does: told[place] })
    }
  })

  it('has each room in its table', async () => {
    const page = await readFile(PAGE, 'utf8')
    const folders = new Set(sources.filter(({ path }) => path.includes('/')).map(({ path }) => path.split('/')[0]))
    expect([...folders].filter((room) => !page.includes(`| [${room}/](src/${room}) |`))).toEqual([])
  })

  it('names types that the files beside them have', async () => {
    const page = await readFile(PAGE, 'utf8')
    const named = [...page.matchAll(/^\| `(\w+)` \|.*\]\((src\/[\w/.-]+)\)/gm)]
    expect(named.length).toBeGreaterThan(14)
    const gone = await Promise.all(
      named.map(async ([, type = '', path = '']) => {
        const text = await readFile(join(ROOT, path), 'utf8')
        return new RegExp(`^export (?:interface|type) ${type}\\b`, 'm').test(text) ? [] : [`${type} in ${path}`]
      }),
    )
    expect(gone.flat()).toEqual([])
  })
})

/** A step of a simulated process. */
interface PassedStep {
  readonly step: number
  readonly name: string
}

function stepsOf(trace: readonly string[]): readonly PassedStep[] {
  return trace.flatMap((line) => {
    const [, step, name] = /step (\d+): (.*?)(?: \(.*)?$/.exec(line) ?? []
    return step === undefined || name === undefined ? [] : [{ step: Number(step), name }]
  })
}

/** From the upload to the last commit of the create; lines of the run's log are no part of it. */
function pointsOfCreate(trace: readonly string[]): readonly PassedStep[] {
  const steps = stepsOf(trace)
  const first = steps.findIndex(({ name }) => name === 'send upload')
  const end = steps.findIndex(({ name }) => name === 'send get')
  return steps.slice(first, end).filter(({ name }) => /^(?:send|received|answered|commit)/.test(name))
}

/** What the page's table says that the next process does, as the call that shows it, for each point. */
const CALLS = {
  uploads: 'send upload',
  creates: 'send create',
  looks: 'send file',
  adopts: 'send get',
  goes: 'send get',
} as const

function deedsIn(page: string): readonly (string | undefined)[] {
  const rows = [...page.matchAll(/^\| ✕(\d+)(?: to ✕(\d+))? \|[^|]*\| (uploads|creates|looks|adopts|goes)\b/gm)]
  return rows.flatMap(([, from, to = from, verb]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, () => CALLS[verb as keyof typeof CALLS]),
  )
}
