import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { foundProgram } from './found-program.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Said by tests that are left out where there is no browser. */
export const NO_BROWSER = `no ${NAMES[0]} was found on the path or in CHROMIUM_PATH, so the page is not tried in a browser`

/** The Chromium of this machine; undefined where there is none. */
function chromiumPath(): string | undefined {
  return process.env['CHROMIUM_PATH'] || NAMES.map(foundProgram).find((path) => path !== undefined)
}

/** Starts the browser for all tests of a file; undefined where there is none. Its sandbox cannot be had as root. */
export async function startBrowser(): Promise<Browser | undefined> {
  const executablePath = chromiumPath()
  if (executablePath === undefined) return undefined
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

/** A page, and everything that it should not have done: messages on its console, errors, requests to elsewhere. */
export interface WatchedPage {
  readonly page: Page
  readonly faults: readonly string[]
}

/** Opens an address in a window of its own, as a browser that knows nothing yet. */
export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  })
  const page = await context.newPage()
  const faults: string[] = []
  const { origin } = new URL(address)
  page.on('console', (message) => faults.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`request: ${request.url()}`)
  })
  await page.goto(address)
  return { page, faults }
}
