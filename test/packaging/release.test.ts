import { execFile } from 'node:child_process'
import { access, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { flawsOf, formulaOf } from '../../packaging/release-flaws.mjs'
import { isProgramThere } from '../support/found-program.ts'

const ROOT = new URL('../../', import.meta.url)
const TEMPLATE = 'packaging/homebrew/llm-batch.rb'

const read = (path: string): Promise<string> => readFile(new URL(path, ROOT), 'utf8')

interface Workflow {
  readonly on: unknown
  readonly permissions: unknown
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly permissions: Readonly<Record<string, string>>
        readonly environment?: string
        readonly steps: readonly { readonly uses?: string; readonly run?: string }[]
      }
    >
  >
}

const GOOD = {
  version: '1.2.3',
  lock: '1.2.3',
  source: '1.2.3',
  changelog: '# Changelog\n\n## 1.2.3\n\n- It does more.\n\n## 1.2.2\n',
  changed: '',
  tag: 'v1.2.3',
}

describe('a release', () => {
  it('is refused by the first look at whatever does not fit', () => {
    expect(flawsOf(GOOD)).toEqual([])
    expect(flawsOf({ ...GOOD, changed: ' M README.md\n' })[0]).toContain('not committed:\n M README.md')
    expect(flawsOf({ ...GOOD, lock: '1.2.2' })).toEqual(['package-lock.json has version 1.2.2, package.json 1.2.3'])
    expect(flawsOf({ ...GOOD, source: '1.2.2' })).toEqual(['src/version.ts has version 1.2.2, package.json 1.2.3'])
    expect(flawsOf({ ...GOOD, tag: 'v1.2.4' })).toEqual(['the tag is v1.2.4, and the version 1.2.3'])
    for (const changelog of ['# Changelog\n', '## 1.2.3\n\n## 1.2.2\n\n- old\n', '## 1.2.30\n\n- other\n'])
      expect(flawsOf({ ...GOOD, changelog })).toEqual(['CHANGELOG.md says nothing under "## 1.2.3"'])
  })

  it('of today has its versions and its changelog', async () => {
    const { version } = JSON.parse(await read('package.json')) as { version: string }
    const { version: lock } = JSON.parse(await read('package-lock.json')) as { version: string }
    const [, source = ''] = /'(.*)'/.exec(await read('src/version.ts')) ?? []
    expect(flawsOf({ version, lock, source, changelog: await read('CHANGELOG.md'), changed: '' })).toEqual([])
  })

  it('has a formula with version and checksum, and the files that the package has', async () => {
    const formula = formulaOf(await read(TEMPLATE), { version: '1.2.3', sha256: 'ab'.repeat(32) })
    expect(formula).toMatch(/^class LlmBatch < Formula\n/)
    expect(formula).toContain('/v1.2.3/llm-batch-1.2.3.tgz"\n')
    expect(formula).toContain(`sha256 "${'ab'.repeat(32)}"`)
    expect(formula).not.toContain('@')
    const { man } = JSON.parse(await read('package.json')) as { man: readonly [string] }
    expect(formula).toContain(man[0].replace('./', 'lib/node_modules/llm-batch/'))
    const [, words = ''] = /desc "(.*)"/.exec(formula) ?? []
    expect(words.length).toBeLessThanOrEqual(80)
  })

  it.runIf(isProgramThere('ruby'))('has a formula that Ruby reads', async () => {
    const { stdout } = await promisify(execFile)('ruby', ['-c', new URL(TEMPLATE, ROOT).pathname])
    expect(stdout).toBe('Syntax OK\n')
  })
})

describe('the release workflow', () => {
  it('starts by a tag, keeps no secret, and lets only what publishes ask for a token, after a person agreed', async () => {
    const text = await read('.github/workflows/release.yml')
    expect(text).not.toMatch(/secrets\.|TOKEN: \$\{\{ (?!github\.token)/)
    const { jobs, on, permissions } = parse(text) as Workflow
    expect(on).toEqual({ push: { tags: ['v*'] } })
    expect(permissions).toEqual({})
    const asking = Object.entries(jobs).filter(([, job]) => job.permissions['id-token'] === 'write')
    expect(asking.map(([name, { environment }]) => [name, environment])).toEqual([
      ['npm', 'release'],
      ['pypi', 'release'],
    ])
    const lines = Object.values(jobs).flatMap(({ steps }) => steps)
    const scripts = lines.flatMap(({ run = '' }) => run.match(/(?:packaging\/|\.ci\/)[\w./-]+/g) ?? [])
    expect(scripts).toEqual(['.ci/run', 'packaging/release.mjs'])
    for (const path of scripts) await access(new URL(path, ROOT))
    expect(lines.map(({ run }) => run).join('\n')).toContain('npm publish ./release/llm-batch-*.tgz --provenance')
    for (const { uses } of lines.filter((line) => line.uses !== undefined))
      expect(uses).toMatch(/^[\w-]+\/[\w-]+@(?:v\d+|release\/v1|[0-9a-f]{40})$/)
    const { scripts: known } = JSON.parse(await read('package.json')) as { scripts: Readonly<Record<string, string>> }
    const called = lines.flatMap(({ run = '' }) => [...run.matchAll(/npm run (\S+)/g)].map(([, name = '']) => name))
    expect(called.filter((name) => known[name] === undefined)).toEqual([])
  })
})
