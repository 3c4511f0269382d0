import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NO_BROWSER } from '../support/browser.ts'
import { expectExit, typeHere } from '../support/command.ts'
import { questions } from '../support/local-world.ts'
import { expectQuiet, goTo, openScene, type PageScene, shows } from '../support/page-scene.ts'
import { seriousFaults } from '../support/serious-faults.ts'

/** Directives by what they make of a row; ten causes that differ. */
const FAILURES = [
  'status=400',
  'status=403',
  'status=404',
  'status=422',
  'length',
  'refusal',
  'content_filter',
  'empty',
  'bad_shape',
  'wrong_schema',
]

const ROWS = 240

/** An answer that would like to be more than a text: markup, escapes of a terminal, marks that turn text around. */
const HOSTILE =
  '<img src=x onerror="alert(1)"><script>document.title="owned"</script> \u001b[31mred\u001b]52;c;AAAA\u0007 \u202egnp.exe\u202c [x](javascript:alert(1))'

let scene: PageScene | undefined

beforeAll(async () => {
  scene = await openScene({ answer: (body) => answerTo(JSON.stringify(body)) })
  if (!scene) return
  const { world } = scene
  const rows = Array.from({ length: ROWS }, (_, index) => JSON.stringify({ id: `t${index}`, text: textOf(index) }))
  const input = await world.write('tickets.jsonl', `${rows.join('\n')}\n{"id":"blank","text":""}\n`)
  for (const model of ['openai/gpt-6.1-terra', 'openai/gpt-6-luna']) {
    const words = [
      'run',
      input,
      '--model',
      model,
      '--name',
      `tickets ${model}`,
      '--prompt',
      'Sort: {{text}}',
      '--skip-invalid',
    ]
    const fields = [
      '--field',
      'label: billing|bug|sales',
      '--field',
      'note: string',
      '--max-tokens',
      '60',
      '--no-canary',
      '-o',
      '-',
    ]
    expectExit(await typeHere(world, ...words, ...fields, '--yes'), 4)
  }
})

afterEach(async () => scene?.closeWindows())

afterAll(async () => scene?.close())

function textOf(index: number): string {
  const failure = index % 20 === 3 ? FAILURES[Math.floor(index / 20)] : undefined
  if (failure) return `Ticket ${index} fails. [[simulate: ${failure}]]`
  return index === 7 ? `Ticket 7 is hostile. ${HOSTILE}` : `Ticket ${index}: I was charged twice.`
}

function answerTo(body: string): string {
  const label = ['billing', 'bug', 'sales'][/Ticket (\d+)/.exec(body)?.[1]?.length ?? 0] ?? 'billing'
  return JSON.stringify({ label, note: body.includes('hostile') ? HOSTILE : 'nothing' })
}

/** The run on `gpt-6.1-terra`. */
async function firstRun({ ui }: PageScene): Promise<string> {
  const { runs } = await ui.get<{ runs: readonly { id: string; name: string }[] }>('/api/runs')
  return runs.find(({ name }) => name.endsWith('terra'))?.id ?? ''
}

describe('a run with ten failures of different cause', () => {
  it('names each cause with an example, and leads to its rows, why they failed and what the provider wrote', async (context) => {
    const shown = scene ?? context.skip(NO_BROWSER)
    const watched = await shown.open('')
    const { page } = watched
    await page.getByRole('link', { name: 'tickets openai/gpt-6.1-terra' }).click()
    await page
      .locator('.causes tbody tr')
      .nth(FAILURES.length - 1)
      .waitFor()
    expect(await page.locator('.causes tbody tr').count()).toBe(FAILURES.length)

    await page.locator('.causes a.cause', { hasText: 'truncated' }).click()
    await page.locator('.row-list a').click()
    await shows(page, 'Why it has no usable answer')
    expect(await page.locator('.row-side .why').textContent()).toContain('length')
    expect(await page.locator('.row-side section', { hasText: 'Prompt' }).textContent()).toContain('Sort: Ticket')
    await page.getByText('The raw line').click()
    expect(await page.locator('.fold[open] pre').textContent()).toContain('"finish_reason":"length"')
    await page.getByText('How it was asked').waitFor()
    expectQuiet(watched)
  })

  it('shows labels of a field, cost, batches over time and events', async (context) => {
    const shown = scene ?? context.skip(NO_BROWSER)
    const watched = await shown.open(`#/runs/${await firstRun(shown)}`)
    const { page } = watched
    await page.locator('.values tbody tr').first().waitFor()
    expect(await page.locator('.values tbody').textContent()).toContain('sales')
    expect(await page.locator('.panel-cost').textContent()).toMatch(/as bought.*synchronous/)
    expect(await page.locator('.batches tbody tr').count()).toBe(1)
    expect(await page.getByRole('img', { name: 'rows ended in' }).locator('canvas').count()).toBe(1)
    await shows(page, 'run completed')
    await shows(page, 'batch 1: settled')
    await shows(page, /^\d+ succeeded, .*; /)
    expect(await page.locator('.events').textContent()).not.toContain('{"')
    expectQuiet(watched)
  })
})

describe('a hostile answer', () => {
  it('is text and nothing else: no element of it, no script, and every mark that cannot be seen is written out', async (context) => {
    const shown = scene ?? context.skip(NO_BROWSER)
    const watched = await shown.open(`#/runs/${await firstRun(shown)}/rows?row=7`)
    const { page } = watched
    const answer = page.locator('.row-side section', { hasText: 'Answer' }).locator('pre')
    await answer.waitFor()
    const text = (await answer.textContent()) ?? ''
    expect(text).toContain('<script>document.title=')
    expect(text.includes('\u202e') || text.includes('\u001b')).toBe(false)
    expect(text).toContain('\\u202egnp.exe')
    const prompt = await page.locator('.row-side section', { hasText: 'Prompt' }).locator('pre').textContent()
    expect(prompt).toContain('\\u001b[31mred\\u001b]52;c;AAAA\\u0007 \\u202egnp.exe\\u202c')
    expect(await page.locator('main :is(script, img, a[href^="javascript"])').count()).toBe(0)
    expect(await page.title()).toContain('llm-batch')
    expectQuiet(watched)
  })
})

describe('the rows of a run', () => {
  it('are searched, paged and read with the keyboard alone', async (context) => {
    const shown = scene ?? context.skip(NO_BROWSER)
    const run = await firstRun(shown)
    const watched = await shown.open(`#/runs/${run}/rows`)
    const { page } = watched
    await page.locator('.row-list a').first().waitFor()
    await page.reload()
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    await page.locator('.row-list a').first().waitFor()
    await page.keyboard.press('n')
    await shows(page, 'rows 51 to 100')
    await page.keyboard.press('p')
    await shows(page, 'rows 1 to 50')
    await page.keyboard.press('/')
    await page.keyboard.type('ticket 199')
    await shows(page, /1 row found/)
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await shows(page, 'Row 200')
    expect(await page.evaluate('document.activeElement.matches(".row-list a:focus-visible")')).toBe(true)
    await page.keyboard.press('Escape')
    await page.locator('.row-side.is-empty').waitFor()
    await page.keyboard.press('Escape')
    await shows(page, 'Errors by cause')

    await page.getByLabel('Theme').selectOption('dark')
    await page.reload()
    await shows(page, 'Errors by cause')
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')

    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Runs' }).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(/#\/runs\/.+/)
    expectQuiet(watched)
  })
})

describe('what lies at the providers', () => {
  it('is looked at on a wish, and says whose it is and what to type', async (context) => {
    const shown = scene ?? context.skip(NO_BROWSER)
    const { world } = shown
    const elsewhere = { ...world, environment: { ...world.environment, LLM_BATCH_HOME: `${world.home}-elsewhere` } }
    const input = await world.write('elsewhere.jsonl', questions(3))
    const words = [
      'run',
      input,
      '--model',
      'openai/gpt-6-luna',
      '--prompt',
      '{{text}}',
      '--no-canary',
      '-o',
      'elsewhere-answers.jsonl',
      '--no-wait',
    ]
    expectExit(await typeHere(elsewhere, ...words), 75)
    const watched = await shown.open('#/remote')
    const { page } = watched
    await page.getByRole('button', { name: 'Look at the providers' }).click()
    const row = page.locator('.remote tbody tr')
    await row.waitFor()
    expect(await row.textContent()).toMatch(/batch_\w+ours/)
    await page.getByText('made what is “ours”').waitFor()
    expectQuiet(watched)
  })
})

/** Every screen, as an address. */
async function screensOf(shown: PageScene): Promise<Readonly<Record<string, string>>> {
  const run = await firstRun(shown)
  const { runs } = await shown.ui.get<{ runs: readonly { id: string }[] }>('/api/runs')
  const [first, second] = runs.map(({ id }) => id)
  return {
    runs: '#/runs',
    run: `#/runs/${run}`,
    rows: `#/runs/${run}/rows?status=failed`,
    row: `#/runs/${run}/rows?row=3`,
    compare: `#/compare?a=${first}&b=${second}&gold=text`,
    remote: '#/remote',
  }
}

/** What each screen shows once it is whole. */
const WHOLE: Readonly<Record<string, string>> = {
  runs: '.runs tbody tr',
  run: '.events li',
  rows: '.row-list li',
  row: '.row-side .turn',
  compare: '.differences li, .panel-differences .notice',
  remote: '.panel-remote',
}

async function openWhole(page: Page, name: string, hash: string): Promise<void> {
  await goTo(page, hash)
  if (name === 'remote') await page.getByRole('button', { name: 'Look at the providers' }).click()
  await page
    .locator(WHOLE[name] ?? '')
    .first()
    .waitFor()
}

describe('every screen', () => {
  it.for(['light', 'dark'] as const)(
    'has no serious fault for those who cannot see or point, in the %s theme',
    async (colorScheme, context) => {
      const shown = scene ?? context.skip(NO_BROWSER)
      const watched = await shown.open('', { colorScheme })
      const { page } = watched
      const faults: string[] = []
      for (const [name, hash] of Object.entries(await screensOf(shown))) {
        await openWhole(page, name, hash)
        const found = await seriousFaults(page)
        faults.push(...found.map((fault) => `${name}: ${fault}`))
      }
      expect(faults).toEqual([])
      expectQuiet(watched)
    },
  )

  it('fits a window of 360 pixels without a bar to scroll aside', async (context) => {
    const shown = scene ?? context.skip(NO_BROWSER)
    const watched = await shown.open('', { viewport: { width: 360, height: 740 } })
    const wide: string[] = []
    for (const [name, hash] of Object.entries(await screensOf(shown))) {
      await openWhole(watched.page, name, hash)
      if (await watched.page.evaluate<boolean>(IS_TOO_WIDE)) wide.push(name)
    }
    expect(wide).toEqual([])
    expectQuiet(watched)
  })
})

const IS_TOO_WIDE = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
