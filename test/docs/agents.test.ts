import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { defineCommand } from '../../src/cli/commands/mcp.ts'
import { EXIT } from '../../src/model/error.ts'
import { agentHere } from '../support/agents.ts'
import { expectExit, typeHere } from '../support/command.ts'
import { openWorld } from '../support/local-world.ts'
import { blocksOf, wordsOf } from '../support/page-blocks.ts'

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

const SKILL = 'skills/llm-batch/SKILL.md'

/** Exit codes and meanings of the first table of a page that has any. */
function exitCodesIn(page: string): readonly number[] {
  return [...page.matchAll(/^\| (\d+) \| .* \|$/gm)].map(([, code]) => Number(code))
}

/** The servers that an example of settings names. */
function serversIn(text: string): readonly { readonly command: string; readonly args: readonly string[] }[] {
  const { mcpServers, servers } = JSON.parse(text)
  return Object.values(mcpServers ?? servers)
}

describe('the skill for agents', () => {
  it('is short, and known by its name and by when to use it', async () => {
    const text = await read(SKILL)
    expect(text.split('\n').length).toBeLessThan(150)
    const [, front = ''] = /^---\n(.*?)\n---\n/s.exec(text) ?? []
    const { description, name, ...others } = parseYaml(front)
    expect([name, others]).toEqual(['llm-batch', {}])
    expect(description).toMatch(/Use when/)
    expect(description.length).toBeLessThan(1_024)
    expect(exitCodesIn(text)).toEqual(exitCodesIn(await read('docs/exit-codes.md')))
    expect(exitCodesIn(text)).toEqual(Object.values(EXIT).toSorted((one, other) => one - other))
  })

  it('has commands that do what it says, one after the other', async () => {
    const world = await openWorld()
    await world.write('tickets.csv', 'id,text\n1,Refund please\n2,It does not start\n3,Invoice 7\n')
    const lines = (await blocksOf(SKILL, ['sh'])).flatMap(({ text }) => text.trim().split('\n'))
    expect(lines.length).toBeGreaterThan(12)
    for (const line of lines) {
      const [program, ...words] = wordsOf(line)
      expect(program).toBe('llm-batch')
      const ended = await typeHere(world, ...words)
      const isLate = words[0] === 'cancel' && ended.stderr.includes('there is nothing left to cancel')
      if (words.includes('--no-wait')) expectExit(ended, EXIT.unfinished)
      else expectExit(ended, isLate ? EXIT.usage : EXIT.ok)
    }
    expect((await readFile(`${world.folder}/answers.csv`, 'utf8')).trim().split('\n')).toHaveLength(4)
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 3 })
  })
})

it('the pages for agents name the tools that there are, and settings that the command takes', async () => {
  const agent = await agentHere(await openWorld())
  const names = (await agent.client.listTools()).tools.map(({ name }) => name)
  const page = await read('docs/agents.md')
  expect([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)).toEqual(names)
  const skill = await read(SKILL)
  for (const name of names) expect(skill).toContain(`\`${name}\``)
  const blocks = [...(await blocksOf('docs/agents.md', ['json'])), ...(await blocksOf(SKILL, ['json']))]
  const servers = blocks.flatMap(({ text }) => serversIn(text))
  expect(servers).toHaveLength(3)
  for (const { args, command } of servers) {
    const [name, ...flags] = args
    expect([command, name]).toEqual(['llm-batch', 'mcp'])
    const parsed = new Command().exitOverride()
    // Only what it takes is asked of it: it is not carried out.
    defineCommand(parsed, () => undefined, undefined as never)
    expect(parsed.parseOptions(flags).unknown).toEqual([])
    expect(parsed.opts()['root']).toHaveLength(1)
  }
})
