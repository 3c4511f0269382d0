import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemDisk } from '../lib/disk.ts'
import { type ConfigurationFlags, loadConfiguration } from './configuration.ts'
import type { Environment } from './credentials.ts'
import { maxOpenBatchesInForce } from './settings.ts'

const openai = {
  name: 'openai',
  keyVariable: 'OPENAI_API_KEY',
  baseUrlVariable: 'OPENAI_BASE_URL',
  defaultBaseUrl: 'https://api.openai.com/v1',
}

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-batch-config-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

function load(flags: ConfigurationFlags = {}, environment: Environment = {}) {
  return loadConfiguration({
    flags,
    environment,
    workingFolder: folder,
    disk: systemDisk,
    userFolder: join(folder, 'user'),
  })
}

async function configure(content: unknown): Promise<void> {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  await writeFile(join(folder, 'llm-batch.config.json'), text)
}

describe('loadConfiguration', () => {
  it('has a default for everything', async () => {
    const configuration = await load()
    expect(configuration).toMatchObject({
      home: { kind: 'folder', path: join(folder, 'user') },
      prices: {},
      file: null,
    })
    expect(configuration.budget).toEqual({ maxCostUsd: null, perDayUsd: null, askAboveUsd: 1 })
    expect(configuration.settings).toEqual({
      waits: {
        pollMs: 15_000,
        pollMostMs: 300_000,
        settleMs: 600_000,
        unfencedMs: 1_800_000,
        httpMs: 60_000,
        directMs: 600_000,
        windUpMs: 900_000,
        retryBackoff: { firstMs: 5_000, factor: 2, mostMs: 600_000 },
        retryAfterMostMs: 3_600_000,
        absentMs: 21_600_000,
        queueBackoff: { firstMs: 60_000, factor: 2, mostMs: 14_400_000 },
      },
      maxOpenBatches: 20,
      maxTransfers: 4,
      maxTries: 3,
      isCountingTokens: true,
      prepareThread: { isOn: true, aboveBytes: 64_000_000 },
      telemetry: { isOn: true, tellsText: false },
      tiers: {},
      canary: { isOn: true, aboveRequests: 1_000, requests: 10 },
      stopLoss: { share: 0.5, leastRows: 10 },
      limits: {},
      providerLimits: {},
      modelLimits: {},
    })
  })

  it('reads the file, with a byte order mark too', async () => {
    await configure(
      `\uFEFF${JSON.stringify({
        $schema: './node_modules/llm-batch/dist/config-schema.json',
        home: 'state',
        waits: { poll: '200ms', http: '5s', settle: '7s', direct: '2m', retryBackoff: '10ms', absent: '1m' },
        canary: { requests: 5 },
        stopLoss: { share: 0.2 },
        limits: { maxRequests: 500, maxOpenBatches: 3 },
        providers: { openai: { limits: { maxBytes: 1_000 } } },
        models: { 'openai/org/tuned': { limits: { queueTokens: 9, maxOpenBatches: 1 } } },
        prices: { 'openai/gpt-6.1-terra': { inputUsdPerMillion: 0.25, outputUsdPerMillion: 2 } },
        budget: { maxCostUsd: 5, perDayUsd: 20, askAboveUsd: 0 },
      })}`,
    )
    const { settings, ...rest } = await load()
    expect(rest).toMatchObject({
      home: { kind: 'folder', path: join(folder, 'state') },
      prices: { 'openai/gpt-6.1-terra': { inputUsdPerMillion: 0.25, outputUsdPerMillion: 2 } },
      budget: { maxCostUsd: 5, perDayUsd: 20, askAboveUsd: 0 },
      file: join(folder, 'llm-batch.config.json'),
    })
    expect(settings.waits).toEqual({
      pollMs: 200,
      pollMostMs: 4_000,
      settleMs: 7_000,
      unfencedMs: 1_800_000,
      httpMs: 5_000,
      directMs: 120_000,
      windUpMs: 900_000,
      retryBackoff: { firstMs: 10, factor: 2, mostMs: 1_200 },
      retryAfterMostMs: 3_600_000,
      absentMs: 60_000,
      queueBackoff: { firstMs: 60_000, factor: 2, mostMs: 14_400_000 },
    })
    expect(settings).toMatchObject({
      maxOpenBatches: 3,
      limits: { maxRequests: 500 },
      canary: { isOn: true, aboveRequests: 1_000, requests: 5 },
      stopLoss: { share: 0.2, leastRows: 10 },
    })
    expect(maxOpenBatchesInForce(settings, 'openai', 'org/tuned')).toBe(1)
    expect(maxOpenBatchesInForce(settings, 'openai', 'gpt-6.1-terra')).toBe(3)
  })

  it.each([
    [false, undefined],
    [{ requests: 5 }, false],
  ])('has no canary where the file says %j and the flag %j', async (canary, flag) => {
    await configure({ canary })
    const { settings } = await load({ canary: flag })
    expect(settings.canary.isOn).toBe(false)
  })

  it('lets a flag win over everything in the file', async () => {
    await configure({
      waits: { poll: '1m', pollMost: '2m' },
      limits: { maxRequests: 500 },
      models: { 'openai/gpt-6.1-terra': { limits: { maxRequests: 100, maxOpenBatches: 1 } } },
      budget: { maxCostUsd: 5 },
    })
    const { settings, budget } = await load({ pollInterval: '3m', maxRequests: 7, maxOpenBatches: 4, maxCostUsd: 9 })
    expect(settings.waits).toMatchObject({ pollMs: 180_000, pollMostMs: 180_000 })
    expect(settings.limits.maxRequests).toBe(7)
    expect(settings.modelLimits['openai/gpt-6.1-terra']?.maxRequests).toBe(7)
    expect(maxOpenBatchesInForce(settings, 'openai', 'gpt-6.1-terra')).toBe(4)
    expect(budget.maxCostUsd).toBe(9)
  })

  it('reads another file where one is named, and finds home beside it', async () => {
    await writeFile(join(folder, 'other.json'), JSON.stringify({ home: './h' }))
    expect(await load({ config: 'other.json' })).toMatchObject({
      home: { kind: 'folder', path: join(folder, 'h') },
      file: join(folder, 'other.json'),
    })
  })

  it.each([
    [{ waits: { pol: '1s' } }, 'unknown key waits.pol (did you mean poll?)'],
    [{ limit: {} }, 'unknown key limit (did you mean limits?)'],
    [
      { apiKey: 'x' },
      'unknown key apiKey (known here: home, files, waits, canary, stopLoss, prepareThread, telemetry, tokenCount, limits, providers, hosts, models, prices, budget)',
    ],
    [{ baseUrl: 'x' }, 'unknown key baseUrl'],
    [
      { providers: { openai: { limits: { maxbytes: 1 } } } },
      'providers.openai.limits.maxbytes (did you mean maxBytes?)',
    ],
    [{ models: { 'gpt-6.1-terra': {} } }, 'models.gpt-6.1-terra'],
    [{ limits: { maxRequests: 1.5 } }, 'limits.maxRequests'],
    [{ limits: { maxRequests: -1 } }, 'limits.maxRequests'],
    [{ waits: { poll: 15 } }, 'waits.poll'],
    [{ waits: { poll: 'soon' } }, 'waits.poll: expected a duration such as'],
    [{ waits: { poll: '0s' } }, 'waits.poll is "0s", which is not a duration above zero'],
    [{ waits: { settle: '1s' } }, 'waits.settle must be at least as long as waits.http'],
    [{ waits: { pollMost: '1s' } }, 'waits.pollMost must be at least as long as waits.poll'],
    ['{ "home": ', 'is not valid JSON'],
    ['[]', 'the file: '],
  ])('refuses %j', async (content, message) => {
    await configure(content)
    await expect(load()).rejects.toMatchObject({ code: 'configuration', message: expect.stringContaining(message) })
  })

  it.each<[ConfigurationFlags, string, string]>([
    [{ config: 'absent.json' }, 'configuration', 'absent.json does not exist'],
    [{ pollInterval: '5' }, 'configuration', 'pollInterval is "5"'],
    [{ maxOpenBatches: 0 }, 'usage', 'maxOpenBatches is 0'],
    [{ maxRequests: Number.NaN }, 'usage', 'maxRequests is NaN'],
    [{ maxCostUsd: 0 }, 'usage', 'the budget is 0'],
  ])('refuses the flags %j', async (flags, code, message) => {
    await expect(load(flags)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it('reads a key from .env, with export, quotes, comments and Windows line ends', async () => {
    const lines = [
      '\uFEFF# mine',
      'export OPENAI_API_KEY="sk-file" # work',
      'OPENAI_BASE_URL=https://gateway.example/v2',
    ]
    await writeFile(join(folder, '.env'), lines.join('\r\n'))
    const { credentialsFor } = await load()
    expect(credentialsFor(openai)).toEqual({
      apiKey: 'sk-file',
      baseUrl: 'https://gateway.example/v2',
      isHttpAllowed: false,
      keyFrom: '.env',
      keyVariable: 'OPENAI_API_KEY',
      warning: null,
    })
  })

  it("never sends a shell's key where a cloned folder says", async () => {
    await writeFile(join(folder, '.env'), 'OPENAI_BASE_URL=https://evil.example\nLLM_BATCH_HOME=/tmp/evil\n')
    const { credentialsFor, home } = await load({}, { OPENAI_API_KEY: 'sk-own' })
    expect(credentialsFor(openai)).toMatchObject({ apiKey: 'sk-own', baseUrl: 'https://api.openai.com/v1' })
    expect(home).toEqual({ kind: 'folder', path: join(folder, 'user') })
  })

  it('holds no key where it could be printed', async () => {
    const configuration = await load({}, { OPENAI_API_KEY: 'sk-canary' })
    expect(JSON.stringify(configuration)).not.toContain('sk-canary')
  })

  it('asks for a key only when a provider is needed', async () => {
    const { credentialsFor } = await load()
    expect(() => credentialsFor(openai)).toThrow(/OPENAI_API_KEY is not set/)
  })
})

describe('a configuration file that lay in the working folder', () => {
  const price = { inputUsdPerMillion: 0.001, outputUsdPerMillion: 0.001 }

  it.each([
    ['says nothing of money', { waits: { poll: '1m' } }, /^no remark$/],
    ['only lowers what may be spent', { budget: { askAboveUsd: 0.5, maxCostUsd: 3, perDayUsd: 9 } }, /^no remark$/],
    [
      'raises what is sent unasked',
      { budget: { askAboveUsd: 50 } },
      /config\.json is in force: .*\$50 are sent without/,
    ],
    ['says a price', { prices: { 'openai/o1': price } }, /in force: it sets the price of openai\/o1$/],
  ])('is remarked on where it %s', async (_, content, remark) => {
    await configure(content)
    const { spendingRemark } = await load()
    expect(spendingRemark ?? 'no remark').toMatch(remark)
    expect((await load({ config: 'llm-batch.config.json' })).spendingRemark).toBeNull()
  })

  it('is remarked on where another user made it, and nothing is where there is none', async () => {
    const disk = { ...systemDisk, isOwn: async () => false }
    const sources = { flags: {}, environment: {}, workingFolder: folder, disk, userFolder: folder }
    expect((await loadConfiguration(sources)).spendingRemark).toBeNull()
    await configure({})
    expect((await loadConfiguration(sources)).spendingRemark).toMatch(/in force: it was made by another user$/)
  })
})
