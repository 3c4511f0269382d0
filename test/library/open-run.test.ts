import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { InputProblemsError, openRun, type Run, startOpenRun, startRun } from '../../src/index.ts'
import { expectExit, typeHere } from '../support/command.ts'
import { heldClock } from '../support/held-clock.ts'
import { type LocalWorld, openWorld } from '../support/local-world.ts'
import { PATIENCE } from '../support/patience.ts'

interface Question {
  readonly id: string
  readonly text: string
}

function ask(ids: readonly string[], wish = ''): readonly Question[] {
  return ids.map((id) => ({ id, text: `${wish}Say ${id} nonce:${id}` }))
}

function placeOf({ configPath, environment }: LocalWorld) {
  return { config: configPath, environment }
}

async function open(world: LocalWorld, more: object = {}): Promise<Run<Question>> {
  return await startOpenRun<Question>({
    name: 'grows',
    model: 'openai/gpt-6-luna',
    prompt: '{{text}}',
    idColumn: 'id',
    ...placeOf(world),
    ...more,
  })
}

async function idsOf(run: Run<Question>): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { id, status } of run.results()) ids.push(`${id} ${status}`)
  return ids
}

describe('an open run', () => {
  it('answers what is appended, also while it is driven, and is finished once it is sealed', async () => {
    const world = await openWorld()
    const output = join(world.folder, 'answers.jsonl')
    await using run = await open(world, { output, maxRequests: 2 })
    expect(await run.appendRows(ask(['a', 'b', 'c']))).toMatchObject({ rows: 3, known: 0, estimate: { rows: 3 } })
    const driving = run.finished()
    await run.appendRows(ask(['d']))
    await driving
    const open_ = await run.finished()
    expect(open_).toMatchObject({ run: { state: 'open', isOpen: true }, counts: { succeeded: 4 }, answers: null })
    expect(await idsOf(run)).toEqual(['a succeeded', 'b succeeded', 'c succeeded', 'd succeeded'])

    await run.appendRows(ask(['e'], '[[simulate: status=429 times=1]] '))
    expect((await run.progress()).run.state).toBe('paused')
    await run.seal()
    await run.seal()
    await expect(run.appendRows(ask(['f']))).rejects.toMatchObject({ code: 'sealed' })
    const done = await run.finished()
    expect(done).toMatchObject({
      run: { state: 'completed', rowCount: 5 },
      counts: { succeeded: 5 },
      answers: { path: output },
    })
    const lines = (await readFile(output, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Question)
    expect(lines.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 5, rowsBilledAgain: 0 })
  })

  it('buys nothing twice where a program is started again, and refuses another row under a known id', async () => {
    const world = await openWorld()
    {
      await using run = await open(world)
      await run.appendRows(ask(['a', 'b']))
    }
    await using run = await open(world)
    expect(run.isAttached).toBe(true)
    expect(await run.appendRows([])).toEqual({ rows: 0, known: 0, estimate: null })
    expect(await run.appendRows(ask(['b', 'c', 'a']))).toMatchObject({ rows: 1, known: 2 })
    const refused = run.appendRows([...ask(['d']), { id: 'c', text: 'Say something else' }])
    await expect(refused).rejects.toBeInstanceOf(InputProblemsError)
    await expect(refused).rejects.toThrow(/line 2: duplicate_id: the id "c" is that of row 3 of the run/)
    await expect(run.appendRows([{ id: '', text: 'nameless' }])).rejects.toThrow(/missing_id/)
    await run.finished()
    await run.seal()
    expect(await run.appendRows(ask(['a', 'b', 'c']))).toMatchObject({ rows: 0, known: 3 })
    expect((await run.finished()).counts).toMatchObject({ succeeded: 3 })
    expect(await world.server.ledger()).toMatchObject({ rowsBilled: 3 })
  })

  it('counts the rows that share a request, asks invalid answers again and retries, over all that was appended', async () => {
    const world = await openWorld()
    await using run = await startOpenRun({
      name: 'grows',
      model: 'openai/gpt-6-luna',
      prompt: ({ text }: Question) => text,
      idColumn: 'id',
      dedupe: true,
      schema: {
        type: 'object',
        properties: { label: { type: 'string' } },
        required: ['label'],
        additionalProperties: false,
      },
      reask: 1,
      ...placeOf(world),
    })
    const same = (ids: readonly string[], text: string): readonly Question[] => ids.map((id) => ({ id, text }))
    await run.appendRows(same(['a', 'b', 'c'], '[[simulate: invalid_json times=1]] nonce:one'))
    await run.finished()
    expect(await run.appendRows(same(['d', 'e'], '[[simulate: status=400]] nonce:two'))).toMatchObject({ rows: 2 })
    const warnings: string[] = []
    run.on('event', (event) => event.type === 'warning' && warnings.push(event.message))
    expect(await run.finished()).toMatchObject({ run: { state: 'open' }, counts: { succeeded: 3, failed: 2 } })
    expect(await run.retry()).toMatchObject({ count: 2 })
    expect(await run.finished()).toMatchObject({ run: { state: 'open' }, counts: { succeeded: 3, failed: 2 } })
    expect(await run.progress()).toMatchObject({ total: 5, done: 5, shared: 3 })
    await run.seal()
    expect(await run.finished()).toMatchObject({ run: { state: 'completed' }, counts: { succeeded: 3, failed: 2 } })
    // The files of the run were counted once more at its end.
    expect(warnings).toEqual([])
  })

  it('is told of by the command as open, and cancelled by it takes no more rows', async () => {
    const world = await openWorld()
    {
      await using run = await open(world)
      await run.appendRows(ask(['a', 'b']))
      expectExit(await typeHere(world, 'status', 'grows'), 0)
    }
    expectExit(await typeHere(world, 'status', 'grows'), 0)
    const tick = await typeHere(world, 'resume', 'grows')
    expectExit(tick, 0)
    const status = await typeHere(world, 'status', 'grows')
    expect(status.stdout).toMatch(/open/)
    const again = await typeHere(world, 'tick')
    expectExit(again, 0)
    expect(again.stderr).toMatch(/is open; 2 of 2 rows done/)
    expectExit(await typeHere(world, 'runs'), 0)
    expectExit(await typeHere(world, 'cancel', 'grows'), 0)
    await using run = await openRun<Question>('grows', placeOf(world))
    await expect(run.appendRows(ask(['c']))).rejects.toMatchObject({ code: 'sealed' })
    expect(await run.appendRows(ask(['a']))).toMatchObject({ known: 1 })
  })

  it('does not send what is appended during a drive where a lost home has sent it', async () => {
    const { clock, release } = heldClock()
    const world = await openWorld({ clock })
    {
      await using lost = await open(world)
      await lost.appendRows(ask(['a', 'b']))
      await lost.submit()
      await lost.appendRows(ask(['c']))
      await lost.submit()
    }
    await rm(world.home, { recursive: true })
    {
      await using run = await open(world)
      await run.appendRows(ask(['a', 'b']))
      await expect(run.finished()).rejects.toMatchObject({ code: 'already_sent' })
    }
    expectExit(await typeHere(world, 'remote', 'adopt', 'grows'), 0)
    await using run = await open(world)
    world.server.setFaults(['get=counts-lie'])
    const driving = run.finished()
    await vi.waitFor(() => expect(world.server.firedFaults()).not.toEqual([]), PATIENCE)
    await run.appendRows(ask(['c']))
    release()
    expect((await driving).run).toMatchObject({ state: 'held', reason: expect.stringMatching(/of the same work/) })
    expect(await world.server.ledger()).toMatchObject({ batchesCreated: 2 })
  })

  it('is known by its name, its options and the ids of its rows', async () => {
    const world = await openWorld()
    await (await open(world)).close()
    await expect(open(world, { prompt: 'Other {{text}}' })).rejects.toMatchObject({ code: 'name_taken' })
    await expect(open(world, { name: '' })).rejects.toMatchObject({ code: 'usage' })
    await expect(open(world, { input: ask(['a']) })).rejects.toMatchObject({
      next: expect.stringContaining('appendRows()'),
    })
    await expect(open(world, { name: 'other', idColumn: undefined })).rejects.toMatchObject({ code: 'usage' })
    const whole = {
      name: 'whole',
      input: ask(['a']),
      prompt: '{{text}}',
      model: 'openai/gpt-6-luna',
      ...placeOf(world),
    }
    const sealed = await startRun(whole)
    await expect(sealed.appendRows(ask(['b']))).rejects.toMatchObject({ code: 'sealed' })
    await sealed.close()
    await expect(open(world, { name: 'whole' })).rejects.toMatchObject({ code: 'name_taken' })
    await expect(startRun({ ...whole, name: 'grows' })).rejects.toMatchObject({ code: 'name_taken' })
  })
})
