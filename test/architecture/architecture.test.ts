import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { factsOf, readSources } from './facts.ts'
import {
  badNames,
  broughtBy,
  crowdedFolders,
  findCycles,
  forbiddenArrows,
  forbiddenInPage,
  forbiddenProofArrows,
  forbiddenUses,
  hiddenImports,
  idleFaces,
  providerWords,
} from './rules.ts'

const sources = readSources(fileURLToPath(new URL('../../src', import.meta.url)))
const page = readSources(fileURLToPath(new URL('../../page', import.meta.url)))
const proof = readSources(fileURLToPath(new URL('../../proof', import.meta.url)))

describe('the sources', () => {
  it('are read', () => {
    expect(sources.map(({ path }) => path)).toEqual(expect.arrayContaining(['lib/disk.ts', 'model/error.ts']))
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(sources.length)
  })

  it('import only what lies below them', () => {
    expect(sources.flatMap(forbiddenArrows)).toEqual([])
  })

  it('import of a room of the conductor only what is its face', () => {
    expect(sources.flatMap(hiddenImports)).toEqual([])
    expect(idleFaces(sources)).toEqual([])
    const inside = factsOf('cli/status.ts', "import { Flights } from '../drive/flights.ts'")
    expect(hiddenImports(inside)).toHaveLength(1)
  })

  it('stand at most twenty-five in a folder', () => {
    expect(crowdedFolders(sources)).toEqual([])
    const many = Array.from({ length: 26 }, (_, place) => factsOf(`drive/step-${place}.ts`, ''))
    expect(crowdedFolders(many)).toEqual(['drive has 26 files'])
  })

  it('reach the outside world only through its adapters', () => {
    expect(sources.flatMap(forbiddenUses)).toEqual([])
  })

  it('tell what is known of a provider without the way to the network', () => {
    const brought = broughtBy('providers/known.ts', sources)
    expect(brought).toContain('providers/openai/facts.ts')
    expect(brought).not.toContain('providers/http.ts')
    expect(broughtBy('providers/connect.ts', sources)).toContain('undici')
  })

  it('name a provider and speak its dialect in its own folder only', () => {
    expect(sources.flatMap(providerWords)).toEqual([])
  })

  it('import in no circle', () => {
    expect(findCycles(sources)).toEqual([])
  })

  it('have names that say what is inside', () => {
    expect(sources.flatMap(badNames)).toEqual([])
  })
})

describe('the page', () => {
  it('is read, takes nothing from outside but two libraries and the types of the contract, and has no circle', () => {
    expect(page.map(({ path }) => path)).toEqual(expect.arrayContaining(['main.tsx']))
    expect(page.flatMap(forbiddenInPage)).toEqual([])
    expect(findCycles(page)).toEqual([])
    expect(page.flatMap(badNames)).toEqual([])
    expect(crowdedFolders(page)).toEqual([])
  })

  it.each([
    "import { describeState } from '../../src/cli/render/words/state-words.ts'",
    "import { ROUTES } from '../../src/ui/contract.ts'",
    "import { readFile } from 'node:fs/promises'",
    "const part = await import('../../src/model/run.ts')",
  ])('refuses %s', (text) => {
    expect(forbiddenInPage(factsOf('shell/app.tsx', text))).toHaveLength(1)
  })

  it.each(["import type { Run } from '../../src/ui/contract.ts'", "import { useState } from 'preact/hooks'"])(
    'allows %s',
    (text) => {
      expect(forbiddenInPage(factsOf('shell/app.tsx', text))).toEqual([])
    },
  )
})

describe('the proof', () => {
  it('is read, and imports in no circle and only what its rooms may know', () => {
    expect(proof.map(({ path }) => path)).toEqual(expect.arrayContaining(['world/world.ts', 'judge/money.ts']))
    expect(findCycles(proof)).toEqual([])
    expect(proof.flatMap(forbiddenProofArrows)).toEqual([])
  })

  it('has names that say what is inside', () => {
    expect(proof.flatMap(badNames)).toEqual([])
  })

  it.each([
    ['world/world.ts', "import { nonceOf } from '../plan.ts'"],
    ['judge/money.ts', "import { carryOut } from '../carry-out.ts'"],
    ['attic/file.ts', ''],
  ])('refuses in %s %s', (path, text) => {
    expect(forbiddenProofArrows(factsOf(path, text))).toHaveLength(1)
  })
})

describe('the arrows', () => {
  it.each([
    ['submit/create.ts', "import { poll } from '../watch/poll.ts'"],
    ['submit/create.ts', "import type { Poll } from '../watch/poll.ts'"],
    ['submit/create.ts', "export { poll } from '../watch/poll.ts'"],
    ['submit/create.ts', "export * from '../watch/poll.ts'"],
    ['submit/create.ts', "const { poll } = await import('../watch/poll.ts')"],
    ['submit/create.ts', "type Poll = import('../watch/poll.ts').Poll"],
    ['submit/create.ts', "import { openai } from '../providers/openai.ts'"],
    ['plan/tokens.ts', "import { findProvider } from '../providers/registry.ts'"],
    ['submit/create.ts', "import { openFolderStore } from '../store/folder/folder-store.ts'"],
    ['collect/settle.ts', "import { advance } from '../drive/advance.ts'"],
    ['model/run.ts', "import { join } from '../lib/path.ts'"],
    ['lib/disk.ts', "import type { Settings } from '../config/settings.ts'"],
    ['config/waits.ts', "import { priceOf } from '../prices/table.ts'"],
    ['server/state/deep/file.ts', "import { main } from '../../../cli/main.ts'"],
    ['drive/advance.ts', "import { serve } from '../server/serve.ts'"],
    ['drive/advance.ts', "import { startRun } from '../index.ts'"],
    ['newroom/file.ts', ''],
  ])('in %s refuse %s', (path, text) => {
    expect(forbiddenArrows(factsOf(path, text))).toHaveLength(1)
  })

  it.each([
    ['submit/create.ts', "import type { Provider } from '../providers/provider.ts'"],
    ['plan/tokens.ts', "import { factsOf } from '../providers/known.ts'"],
    ['submit/create.ts', "import { upload } from './upload.ts'"],
    ['drive/advance.ts', "import { create } from '../submit/create.ts'"],
    ['providers/openai/adapter.ts', "import type { Provider } from './provider.ts'"],
    ['cli/main.ts', "const { serve } = await import('../server/serve.ts')"],
    ['cli/main.ts', "import { Command } from 'commander'"],
  ])('in %s allow %s', (path, text) => {
    expect(forbiddenArrows(factsOf(path, text))).toEqual([])
  })
})

describe('the guards', () => {
  it.each([
    ['drive/loop.ts', "import { readFile } from 'node:fs/promises'"],
    ['drive/loop.ts', "import fs from 'fs'"],
    ['drive/loop.ts', "const fs = await import('node:fs')"],
    ['drive/loop.ts', 'setTimeout(() => {}, 1)'],
    ['drive/loop.ts', 'globalThis.setInterval(() => {}, 1)'],
    ['drive/loop.ts', "import { setTimeout as wait } from 'node:timers/promises'"],
    ['drive/loop.ts', 'const options = { signal: AbortSignal.timeout(1) }'],
    ['drive/loop.ts', 'const later = { wait: setTimeout }'],
    ['drive/loop.ts', 'const later = setTimeout as Wait'],
    ['drive/loop.ts', 'const now = Date.now()'],
    ['drive/loop.ts', "const now = Date['now']()"],
    ['drive/loop.ts', 'const now = new Date()'],
    ['drive/loop.ts', 'const now = performance.now()'],
    ['drive/loop.ts', 'const chance = Math.random()'],
    ['drive/loop.ts', "import { createHash, randomUUID } from 'node:crypto'"],
    ['drive/loop.ts', "import * as crypto from 'node:crypto'"],
    ['drive/loop.ts', 'const id = crypto.randomUUID()'],
    ['providers/openai/adapter.ts', "import { request } from 'undici'"],
    ['providers/openai/adapter.ts', "await fetch('https://example.com')"],
    ['drive/loop.ts', "import { createServer } from 'node:http'"],
    ['drive/loop.ts', "import { DatabaseSync } from '@photostructure/sqlite'"],
    ['drive/loop.ts', "console.log('x')"],
    ['config/home.ts', 'const home = process.env'],
    ['config/home.ts', 'const { env } = process'],
    ['config/home.ts', "import process from 'node:process'"],
    ['drive/loop.ts', 'const room = await import(name)'],
  ])('in %s refuse %s', (path, text) => {
    expect(forbiddenUses(factsOf(path, text))).toHaveLength(1)
  })

  it.each([
    ['lib/disk.ts', "import * as fs from 'node:fs/promises'"],
    ['lib/clock.ts', 'const now = Date.now()'],
    ['providers/http.ts', "import { request } from 'undici'"],
    ['drive/loop.ts', 'const then = new Date(now)'],
    ['drive/loop.ts', "import { createHash } from 'node:crypto'"],
    ['drive/loop.ts', 'interface Timers { setTimeout(): void }'],
    ['drive/loop.ts', 'clock.setTimeout()'],
    ['drive/loop.ts', "const text = 'Date.now()' // Date.now()"],
    ['cli/main.ts', 'console.log(process.argv)'],
    ['server/http/listen.ts', "import { serve } from '@hono/node-server'"],
  ])('in %s allow %s', (path, text) => {
    expect(forbiddenUses(factsOf(path, text))).toEqual([])
  })
})

describe('the words of providers', () => {
  it.each([
    ['plan/tokens.ts', "if (provider === 'openai') count()"],
    ['plan/tokens.ts', 'const MISTRAL_MOST = 4_096'],
    ['plan/tokens.ts', 'const older = /^gpt-4/'],
    ['plan/tokens.ts', 'const mark = Buffer.from(\'"image_url"\')'],
    ['submit/create.ts', 'const { max_output_tokens: most } = body'],
    ['processors/batch-task.ts', "const provider = 'openai'"],
  ])('in %s refuse %s', (path, text) => {
    expect(providerWords(factsOf(path, text))).toHaveLength(1)
  })

  it.each([
    ['plan/tokens.ts', "// As OpenAI counts.\nconst text = 'count'"],
    ['plan/tokens.ts', '/** `gpt-6-luna` at OpenAI. */\nexport const most = 1'],
    ['providers/openai/facts.ts', "const name = 'openai'"],
    ['server/dialect.ts', "const part = 'image_url'"],
  ])('in %s allow %s', (path, text) => {
    expect(providerWords(factsOf(path, text))).toEqual([])
  })
})

describe('the other rules', () => {
  it('find a circle, also through a type', () => {
    const files = [
      factsOf('drive/a.ts', "import { b } from './b.ts'"),
      factsOf('drive/b.ts', "import { c } from './c.ts'"),
      factsOf('drive/c.ts', "import type { B } from './b.ts'"),
    ]
    expect(findCycles(files)).toEqual(['drive/b.ts -> drive/c.ts -> drive/b.ts'])
  })

  it.each([
    'lib/utils.ts',
    'drive/types.ts',
    'drive/Loop.ts',
    'drive/readFile.ts',
    'drive/read_file.ts',
    'model/common.ts',
  ])('refuse the name %s', (path) => {
    expect(badNames(factsOf(path, ''))).toHaveLength(1)
  })

  it('refuse a file that does not parse', () => {
    expect(() => factsOf('drive/loop.ts', 'import {')).toThrow(/drive\/loop\.ts/)
  })
})
