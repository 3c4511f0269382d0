import type { Browser, Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_BROWSER, openPage, startBrowser } from '../support/browser.ts'
import { expectExit, type Started, start, typeHere } from '../support/command.ts'
import { type LocalWorld, openWorld, questions } from '../support/local-world.ts'
import { expectQuiet, shows } from '../support/page-scene.ts'
import { seriousFaults } from '../support/serious-faults.ts'

let browser: Browser | undefined

beforeAll(async () => {
  browser = await startBrowser()
})

afterAll(async () => browser?.close())

/** Starts `llm-batch ui` as a user does, and gives the address that it prints. */
async function typeUi(world: LocalWorld, ...words: readonly string[]): Promise<{ command: Started; address: string }> {
  const command = start(world, ['ui', ...words])
  const shown = await command.shows(/http:\/\/\S+token=\S+/)
  return { command, address: /http:\/\/\S+token=\S+/.exec(shown)?.[0] ?? '' }
}

const ASKING = [
  '--model',
  'openai/gpt-6.1-terra',
  '--prompt',
  'Answer: {{text}}',
  '--max-tokens',
  '20',
  '-o',
  '-',
] as const

/** Has the page believe that it is seen, or is behind another one. */
function seen(isSeen: boolean): string {
  return `Object.defineProperty(document, 'hidden', { value: ${!isSeen}, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))`
}

describe('the page of the built command', () => {
  it('shows a run that begins while one looks, says when the connection is lost, and what to open then', async (context) => {
    const window = browser ?? context.skip(NO_BROWSER)
    const world = await openWorld()
    const input = await world.write('rows.jsonl', questions(20))
    const { address, command } = await typeUi(world, '--port', '0')
    const watched = await openPage(window, address)
    const { page } = watched
    await shows(page, 'There are no runs here yet.')
    expect(page.url()).not.toContain('token')

    expectExit(await typeHere(world, 'run', input, ...ASKING, '--name', 'looked at', '--no-canary'), 0)
    await page.getByRole('link', { name: 'looked at' }).waitFor()
    await shows(page, /^completed$/)
    await shows(page, '20 of 20')
    await page.getByRole('link', { name: 'looked at' }).click()
    await shows(page, 'run completed')
    expect(await page.getByRole('button', { name: /Cancel|Resume|Raise/ }).count()).toBe(0)
    expectQuiet(watched)

    const isStream = (request: Request): boolean => request.url().endsWith('/api/live')
    const ended = page.waitForEvent('requestfailed', isStream)
    await page.evaluate(seen(false))
    await ended
    const begun = page.waitForEvent('request', isStream)
    await page.evaluate(seen(true))
    await begun
    await shows(page, /^live$/)

    command.process.kill('SIGTERM')
    await shows(page, /The connection to llm-batch ui is lost/)
    const again = await typeUi(world, '--port', new URL(address).port)
    await shows(page, /was started anew/)
    await page.goto(again.address)
    await page.getByRole('link', { name: 'looked at' }).waitFor()
    await shows(page, /^live$/)
  })

  it('acts where that is allowed, after asking once, and leaves the focus where it was', async (context) => {
    const window = browser ?? context.skip(NO_BROWSER)
    const world = await openWorld()
    const input = await world.write('rows.jsonl', questions(20))
    const words = ['run', input, ...ASKING, '--name', 'held', '--no-canary', '--max-cost', '0.000001', '--yes']
    expectExit(await typeHere(world, ...words), 3)
    const { address } = await typeUi(world, '--port', '0', '--allow-actions')
    const watched = await openPage(window, address)
    const { page } = watched
    await page.getByRole('link', { name: 'held' }).click()

    await page.getByRole('button', { name: 'Cancel…' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: /Cancel run/ }).waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Keep it')
    expect(await seriousFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel…')

    await page.getByRole('button', { name: 'Raise the cap…' }).click()
    await page.getByLabel('Most that the run may cost').fill('5')
    await page.getByRole('button', { name: 'Raise it to $5.00' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await shows(page, 'of $5.00')
    await page.getByRole('button', { name: 'Resume…' }).click()
    await shows(page, /20 rows without a result: .* those at the provider are collected and not bought again/)
    await page.getByRole('button', { name: 'Not now' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toMatchObject([{ state: 'held' }])
    await page.getByRole('button', { name: 'Resume…' }).click()
    await page.getByRole('button', { name: 'Resume the run' }).click()
    await shows(page, 'run completed')
    await shows(page, /^Run \S+ (?:goes on, worked on by this server|is completed)/)
    const { rowsBilled, rowsBilledAgain } = await world.server.ledger()
    expect({ rowsBilled, rowsBilledAgain }).toEqual({ rowsBilled: 20, rowsBilledAgain: 0 })
    expectQuiet(watched)
  })
})
