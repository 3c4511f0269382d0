import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

async function readJson<Value>(path: string): Promise<Value> {
  return JSON.parse(await readFile(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8')) as Value
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
  it('runs nothing on the machine of whoever installs it', async () => {
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
      'dist',
      'docs',
      'examples',
    ])
  })

  it('goes to the providers themselves where nothing else is configured', async () => {
    const { PROVIDERS } = await import('../../src/providers/registry.ts')
    expect(Object.values(PROVIDERS).map(({ defaultBaseUrl }) => defaultBaseUrl)).toEqual([
      'https://api.openai.com/v1',
      'https://api.mistral.ai/v1',
    ])
  })
})
