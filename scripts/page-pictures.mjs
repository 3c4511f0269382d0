// Makes the pictures of the page, docs/pictures/*.png: npm run pictures, on a system with Chromium (CHROMIUM_PATH, or on the
// path). Real runs go through the local server, and the built command serves the page of their home, which a browser looks
// at. Only the server's times and answers are chosen: it takes seconds, and names a department as a fair model would.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { root } from './project.mjs'

const COMMAND = join(root, 'dist', 'cli', 'main.js')
const PICTURES = join(root, 'docs', 'pictures')
/** All pictures together; they are part of the package. */
const MOST_BYTES = 400_000
const ROWS = 2_000
const WIDTH = 1_040
/** How long a picture waits for what it is to show. */
const PATIENCE_MS = 120_000
const TICKETS = [
  ['billing', 'I was charged twice for the same order.'],
  ['bug', 'The app crashes when I save.'],
  ['sales', 'Do you offer a discount for schools?'],
  ['billing', 'The invoice shows the wrong address.'],
  ['bug', 'Since the update nothing loads any more.'],
]
/** What becomes of every hundredth ticket, so that there is something to look into. */
const FAULTS = ['status=400', 'length', 'refusal', 'content_filter', 'empty', 'status=403']
/** How often a model names the right department, in tickets of a hundred. */
const RIGHT = { 'gpt-6.1-terra': 94, 'gpt-6-luna': 81 }

const { startLocalServer } = await import(pathToFileURL(join(root, 'dist', 'testing.js')).href)
const folder = await mkdtemp(join(tmpdir(), 'tickets-'))
const server = await startLocalServer({
  folder: join(folder, 'server'),
  seed: 7,
  durations: { validateMs: 800, runMs: 7_000, finalizeMs: 800 },
  answer: departmentOf,
})
const environment = {
  ...process.env,
  OPENAI_API_KEY: 'simulated',
  OPENAI_BASE_URL: server.openaiUrl,
}
const children = []
let written = 0
try {
  await writeFiles()
  const ui = start('ui', '--port', '0')
  const [address] = await once(ui.stdout, 'data')
  await takePictures(String(address).trim())
} finally {
  for (const child of children) child.kill()
  await server.close()
  await rm(folder, { recursive: true, force: true })
}

/** The answer of a model that is right as often as its name says. */
function departmentOf(body, { model }) {
  const text = JSON.stringify(body)
  const [, id = '0'] = /Customer (\d+)/.exec(text) ?? []
  const [label] = TICKETS.find(([, words]) => text.includes(words)) ?? TICKETS[0]
  const isRight = (Number(id) * 37) % 100 < (RIGHT[model] ?? 100)
  return JSON.stringify({ label: isRight ? label : 'billing' })
}

async function writeFiles() {
  const lines = Array.from({ length: ROWS }, (_, index) => {
    const [gold, words] = TICKETS[(index * 7) % TICKETS.length]
    const fault = index % 100 === 42 ? ` [[simulate: ${FAULTS[Math.floor(index / 100) % FAULTS.length]}]]` : ''
    return `${index + 1},Customer ${index + 7_001}: ${words}${fault},${gold}\n`
  })
  const configuration = {
    home: 'home',
    waits: { poll: '1s', pollMost: '2s', settle: '60s', http: '60s', queue: '1s', queueMost: '2s' },
    limits: { maxRequests: ROWS / 8, queueTokens: 60_000 },
  }
  await writeFile(join(folder, 'tickets.csv'), `id,text,department\n${lines.join('')}`)
  await writeFile(join(folder, 'few.csv'), `id,text,department\n${lines.slice(0, 500).join('')}`)
  await writeFile(join(folder, 'triage.txt'), 'Which department should handle this ticket?\n\n{{text}}\n')
  await writeFile(join(folder, 'llm-batch.config.json'), JSON.stringify(configuration))
}

function start(...words) {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  return child
}

/** Starts a run over tickets; the answer resolves when it is over. */
function startRun(input, model, name, cap) {
  const what = ['run', input, '--model', `openai/${model}`, '--name', name, '--prompt-file', 'triage.txt']
  const how = ['--field', 'label: billing|bug|sales', '--max-tokens', '60', '--no-canary', '--max-cost', cap, '--yes']
  const child = start(...what, ...how, '-o', `${name}.jsonl`)
  child.stdout.resume()
  return once(child, 'close')
}

async function takePictures(address) {
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    await startRun('few.csv', 'gpt-6-luna', 'triage-luna', '1')
    await startRun('few.csv', 'gpt-6.1-terra', 'triage-terra', '1')
    await mkdir(PICTURES, { recursive: true })
    const light = await openPage(browser, address, { width: WIDTH, height: 720 }, 'light')
    const over = startRun('tickets.csv', 'gpt-6.1-terra', 'nightly-tickets', '5')
    await light.getByRole('link', { name: 'nightly-tickets' }).click()
    await light.locator('.causes tbody tr').nth(3).waitFor({ timeout: PATIENCE_MS })
    await light.locator('.batches .is-open').nth(1).waitFor({ timeout: PATIENCE_MS })
    await picture(light, 'run', { width: WIDTH, height: 940 })
    await light.getByRole('link', { name: 'Runs' }).first().click()
    await light.locator('.runs tbody tr').nth(2).waitFor()
    await picture(light, 'runs', { width: WIDTH, height: 350 })
    await over
    await takeLaterPictures(browser, address, light)
  } finally {
    await browser.close()
  }
}

async function takeLaterPictures(browser, address, light) {
  await light.getByRole('link', { name: 'nightly-tickets' }).click()
  await light.locator('a.cause', { hasText: 'truncated' }).first().click()
  await light.locator('.row-list a').first().click()
  await light.locator('.row-side .why').waitFor()
  await picture(light, 'rows', { width: WIDTH, height: 600 })
  await light.goto(`${address.split('?')[0]}#/compare?a=triage-luna&b=triage-terra&gold=department&field=label`)
  await light.locator('.differences li').first().waitFor()
  await picture(light, 'compare', { width: WIDTH, height: 600 })
  const dark = await openPage(browser, address, { width: 360, height: 640 }, 'dark')
  await dark.getByRole('link', { name: 'nightly-tickets' }).waitFor()
  await picture(dark, 'narrow-dark', { width: 360, height: 640 })
}

async function openPage(browser, address, viewport, colorScheme) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(address)
  await page.locator('h1').waitFor()
  return page
}

async function picture(page, name, size) {
  await page.setViewportSize(size)
  await page.mouse.move(0, 0)
  await page.evaluate(hideFolder, folder)
  // The chart is drawn anew for another width.
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
  const path = join(PICTURES, `${name}.png`)
  await page.screenshot({ path })
  const { size: bytes } = await stat(path)
  console.log(`${name}.png: ${bytes} bytes`)
  written += bytes
  if (written > MOST_BYTES) throw new Error(`the pictures have more than ${MOST_BYTES} bytes together`)
}

/** In the browser: names the folder as a user's, so that no picture tells of the machine that made it. */
function hideFolder(made) {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const { currentNode } = texts
    if (currentNode.data.includes(made)) currentNode.data = currentNode.data.replaceAll(made, '~/tickets')
  }
}
