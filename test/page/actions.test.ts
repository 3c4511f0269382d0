import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NO_BROWSER, openPage, startBrowser } from '../support/browser.ts'
import { expectExit, start, typeHere } from '../support/command.ts'
import { openWorld, questions } from '../support/local-world.ts'
import { shows } from '../support/page-scene.ts'

let browser: Browser | undefined

beforeAll(async () => {
  browser = await startBrowser()
})

afterAll(async () => browser?.close())

it('a person resumes a run from the page, is asked once what that means, and nothing is bought twice', async (context) => {
  const window = browser ?? context.skip(NO_BROWSER)
  const world = await openWorld()
  await world.write('rows.jsonl', questions(2))
  const words = ['rows.jsonl', '--model', 'openai/gpt-6.1-terra', '--prompt', '{{text}}', '-o', 'out.jsonl']
  expectExit(await typeHere(world, 'run', ...words, '--name', 'left', '--no-wait', '--quiet'), 75)
  const command = start(world, ['ui', '--port', '0', '--allow-actions'])
  const address = /http:\S+/.exec(await command.shows(/token=\S+\n/))?.[0] ?? ''
  const { page } = await openPage(window, address)
  await page.getByRole('link', { name: 'left' }).click()

  await page.getByRole('button', { name: 'Resume…' }).click()
  await shows(page, /2 rows without a result: .* those at the provider are collected and not bought again/)
  await page.getByRole('button', { name: 'Not now' }).click()
  expect(await page.getByRole('dialog').count()).toBe(0)
  expect(JSON.parse((await typeHere(world, 'runs', '--json')).stdout).runs).toMatchObject([{ state: 'paused' }])

  await page.getByRole('button', { name: 'Resume…' }).click()
  await page.getByRole('button', { name: 'Resume the run' }).click()
  await shows(page, 'run completed')
  await shows(page, /^Run \S+ (?:goes on, worked on by this server|is completed)/)
  expect(await world.server.ledger()).toMatchObject({ batchesCreated: 1, rowsBilled: 2, rowsBilledAgain: 0 })
})
