import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { ServeUiOptions } from '../../src/ui/serve-ui.ts'
import { openPage, startBrowser, type WatchedPage } from './browser.ts'
import { type LocalWorld, openWorld } from './local-world.ts'
import { type OpenedUi, openUi } from './ui.ts'

/** A world, the server of its page and a browser, for all tests of a file. */
export interface PageScene {
  readonly world: LocalWorld
  readonly ui: OpenedUi
  readonly browser: Browser
  /** Opens a screen in a window of its own, let in already. */
  open(hash: string, options?: BrowserContextOptions): Promise<WatchedPage>
  /** Closes what was opened, so that it does not go on listening. */
  closeWindows(): Promise<void>
  close(): Promise<void>
}

/** Opens all of it; undefined where there is no browser. */
export async function openScene(
  options: Parameters<typeof openWorld>[0] & { readonly ui?: Partial<ServeUiOptions> } = {},
): Promise<PageScene | undefined> {
  const browser = await startBrowser()
  if (!browser) return undefined
  const cleaners: (() => Promise<void>)[] = [() => browser.close()]
  const onFinished = (clean: () => Promise<void>): void => void cleaners.unshift(clean)
  const world = await openWorld({ ...options, onFinished })
  const ui = await openUi(world, { ...options.ui, onFinished })
  return {
    world,
    ui,
    browser,
    open: async (hash, contextOptions) => {
      const watched = await openPage(browser, ui.openUrl, contextOptions)
      if (hash !== '') await goTo(watched.page, hash)
      return watched
    },
    closeWindows: async () => {
      await Promise.all(browser.contexts().map((context) => context.close()))
    },
    close: async () => {
      for (const clean of cleaners) await clean()
    },
  }
}

/** Goes to another screen of the same page. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
}

/** Waits until the screen says this. */
export async function shows(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor({ timeout: 60_000 })
}

/** Fails with what the browser has complained about, or asked elsewhere. */
export function expectQuiet({ faults }: WatchedPage): void {
  expect(faults).toEqual([])
}
