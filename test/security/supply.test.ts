import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compare, isInRange, KNOWN, notLookedFor } from '../../scripts/advisories.mjs'
import { HOST_ROWS } from '../providers/host-rows.ts'

async function readJson<Value>(path: string): Promise<Value> {
  return JSON.parse(await readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')) as Value
}

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly allowScripts: Readonly<Record<string, boolean>>
  readonly files: readonly string[]
}

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly dev?: boolean
        readonly devOptional?: boolean
        readonly hasInstallScript?: boolean
        readonly integrity?: string
        readonly license?: string
      }
    >
  >
}

describe('the package', () => {
  it('runs nothing on the machine of the user who installs it', async () => {
    const { allowScripts, scripts } = await readJson<Manifest>('package.json')
    // npm runs `prepare` in a checkout only, where it builds; never for a package from a registry or an archive.
    const lifecycle = ['preinstall', 'install', 'postinstall']
    expect(Object.keys(scripts).filter((name) => lifecycle.includes(name))).toEqual([])
    expect(Object.values(allowScripts)).not.toContain(true)
  })

  it('brings one install script only, which is never run, and only files that a checksum holds fast', async () => {
    const { packages } = await readJson<Lock>('package-lock.json')
    const atRunTime = Object.entries(packages).filter(
      ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
    )
    expect(atRunTime.length).toBeGreaterThan(10)
    expect(atRunTime.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([
      'node_modules/@photostructure/sqlite',
    ])
    expect(atRunTime.filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true)).toEqual([])
  })

  it('publishes the built program, its documents and examples, nothing else', async () => {
    const { files } = await readJson<Manifest>('package.json')
    expect(files.filter((name) => !name.startsWith('!')).toSorted()).toEqual([
      'ARCHITECTURE.md',
      'BENCHMARKS.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'data',
      'deploy',
      'dist',
      'docs',
      'examples',
      'skills',
    ])
  })

  it('goes to the providers themselves where nothing else is configured', async () => {
    const { PROVIDERS } = await import('../../src/providers/registry.ts')
    expect(Object.values(PROVIDERS).map(({ defaultBaseUrl }) => new URL(defaultBaseUrl).origin)).toEqual([
      'https://api.openai.com',
      'https://api.mistral.ai',
      'https://api.anthropic.com',
      'https://generativelanguage.googleapis.com',
      // Azure has an address for each resource, so there is none that a key could go to.
      'https://resource.invalid',
      'https://openrouter.ai',
      'https://api.x.ai',
      // The local server has the address that it prints.
      'https://local.invalid',
      ...HOST_ROWS.map(({ origin }) => origin),
    ])
  })
})

describe('advisories', () => {
  it('are known for every package that users get, or were looked for, and concern none that is locked', async () => {
    const lock = await readJson<Lock>('package-lock.json')
    expect(compare(lock, KNOWN).filter(({ isHit }) => isHit)).toEqual([])
    expect(notLookedFor(lock, KNOWN)).toEqual([])
  })

  it('say where and when each was seen, and SECURITY.md tells the date and the packages', async () => {
    const { advisories, lookedForOn } = KNOWN
    const said = await readFile(fileURLToPath(new URL('../../SECURITY.md', import.meta.url)), 'utf8')
    expect(said).toContain(`as of ${lookedForOn}`)
    expect(advisories.length).toBeGreaterThan(50)
    for (const { source, seenOn } of advisories) {
      expect(source).toMatch(/^https:\/\/github\.com\/\S+\/(pull|issues)\/\d+$/)
      expect(seenOn <= lookedForOn).toBe(true)
    }
    const lock = await readJson<Lock>('package-lock.json')
    const ofUsers = new Set(compare(lock, KNOWN).flatMap((line) => (line.isAtRunTime ? [line.package] : [])))
    expect([...ofUsers].filter((name) => !said.includes(`\`${name}\``))).toEqual([])
  })

  it('hit an affected version, wherever it lies in the tree, until a reason to accept it is written', () => {
    const lock = { packages: { '': {}, 'node_modules/a/node_modules/undici': { version: '7.28.0' } } }
    const hits = compare(lock, KNOWN).filter(({ isHit }) => isHit)
    expect(hits.map(({ version }) => version)).toContain('7.28.0')
    const accepted = Object.fromEntries(hits.map(({ id }) => [id, 'the faulty part is not used']))
    expect(compare(lock, { ...KNOWN, accepted }).filter(({ isHit }) => isHit)).toEqual([])
    expect(notLookedFor({ packages: { 'node_modules/new-one': { version: '1.0.0' } } }, KNOWN)).toEqual(['new-one'])
  })

  it.each([
    ['1.2.3', '<1.2.4', true],
    ['1.2.4', '<1.2.4', false],
    ['1.2.4-rc.1', '<1.2.4', true],
    ['1.10.0', '>=1.9.0 <2.0.0', true],
    ['2.0.5', '<1.19.15 || >=2.0.0 <2.0.5', false],
    ['2.0.4', '<1.19.15 || >=2.0.0 <2.0.5', true],
    ['6.2.1', '=6.2.1', true],
  ])('of %s and the range %s: %s', (version, range, expected) => {
    expect(isInRange(version, range)).toBe(expected)
  })

  it('refuse a range that cannot be compared', () => {
    expect(() => isInRange('1.0.0', '^1.0.0')).toThrow(/\^1\.0\.0 must be like/)
  })
})
