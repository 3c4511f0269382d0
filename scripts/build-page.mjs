import { join } from 'node:path'
import { build } from 'vite'
import { root } from './project.mjs'

/**
 * Builds the page of `llm-batch ui` into `page` below the folder: one document, one script, one sheet of styles, an icon.
 * Nothing is inlined and nothing comes from elsewhere, since the server lets the browser load files of its own only.
 */
export async function buildPage(folder) {
  await build({
    configFile: false,
    root: join(root, 'page'),
    base: './',
    publicDir: false,
    logLevel: 'warn',
    build: {
      outDir: join(folder, 'page'),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      // A browser that knows modules needs no stand-in for their preloading.
      modulePreload: false,
      reportCompressedSize: false,
      // On a busy machine it would say that a plugin was slow.
      rolldownOptions: { checks: { pluginTimings: false } },
      target: 'baseline-widely-available',
    },
  })
}
