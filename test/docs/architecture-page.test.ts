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

  it('shows every point of a create at which a process may die', async () => {
    const plan = { ...UNDISTURBED, name: 'a create', provider: 'openai', prompts: promptsOf(2) } as const
    const { trace } = await carryOut(plan)
    const steps = trace.map((line) => /step \d+: (.+)/.exec(line)?.[1]?.replace(/ \(.*/, '') ?? '')
    const create = steps.slice(steps.indexOf('send upload'), steps.indexOf('send get'))
    const points = create.filter((step) => /^(?:send|received|answered|commit)/.test(step))
    // What follows the last commit of the create is no part of it.
    const [diagram] = (await blocksOf('ARCHITECTURE.md', ['mermaid'])).filter(({ text }) => text.startsWith('sequence'))
    const shown = [...(diagram?.text ?? '').matchAll(/✕(\d+) (\w+(?: \w+)?)/g)]
    expect(shown.map(([, number]) => Number(number))).toEqual(shown.map((_, place) => place + 1))
    expect(shown.map(([, , step]) => step)).toEqual(points.slice(0, points.lastIndexOf('answered create') + 2))
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
