// Compares the locked version of every dependency with the advisories in advisories.json, prints a table of them, and fails
// where a locked version is affected without a reason to accept it. Asks nothing of the network: the file says when and how
// its advisories were looked for. `npm run advisories`; also a step of `npm run check`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './project.mjs'

/** The dated list of advisories that concern packages of the lock file. */
export const KNOWN = JSON.parse(readFileSync(fileURLToPath(new URL('advisories.json', import.meta.url)), 'utf8'))

/** Every copy of a package in a lock file: its name, its version, and whether users get it. */
function lockedPackages(lock) {
  return Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .map(([path, { version, dev, devOptional }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      isAtRunTime: !dev && !devOptional,
    }))
}

/** One line for each advisory and locked copy of its package; `isHit` where that version is affected and not accepted. */
export function compare(lock, { advisories, accepted }) {
  const locked = lockedPackages(lock)
  return advisories.flatMap((advisory) =>
    locked
      .filter(({ name }) => name === advisory.package)
      .map(({ version, isAtRunTime }) => {
        const isAffected = isInRange(version, advisory.affected)
        const reason = accepted[advisory.id] ?? null
        return { ...advisory, version, isAtRunTime, isAffected, reason, isHit: isAffected && reason === null }
      }),
  )
}

/** Packages that users get and that the list says nothing about: neither an advisory nor that one was looked for. */
export function notLookedFor(lock, { advisories, noneFound }) {
  const known = new Set([...noneFound, ...advisories.map((advisory) => advisory.package)])
  return lockedPackages(lock)
    .filter(({ isAtRunTime, name }) => isAtRunTime && !known.has(name))
    .map(({ name }) => name)
}

/** Ranges are `>=1.0.0 <1.2.3`, `<1.2.3` or `=1.2.3`, several of them with `||` between. */
export function isInRange(version, range) {
  return range.split('||').some((part) =>
    part
      .trim()
      .split(/\s+/)
      .every((comparator) => isWithin(version, comparator)),
  )
}

function isWithin(version, comparator) {
  const [, sign, bound] = /^(>=|<|=)(\d+\.\d+\.\d+)$/.exec(comparator) ?? []
  if (!bound) throw new Error(`advisories.json: ${comparator} must be like >=1.2.3, <1.2.3 or =1.2.3`)
  const order = orderOf(version, bound)
  return sign === '<' ? order < 0 : sign === '=' ? order === 0 : order >= 0
}

/** Negative where the version comes before the bound. A prerelease comes before its release. */
function orderOf(version, bound) {
  const [release, prerelease] = version.split('+')[0].split(/-(.*)/)
  const numbers = release.split('.').map(Number)
  const bounds = bound.split('.').map(Number)
  const differing = numbers.findIndex((number, index) => number !== bounds[index])
  if (differing >= 0) return numbers[differing] - bounds[differing]
  return prerelease ? -1 : 0
}

/** The table of an outcome of `compare`, hits first, one line an advisory. */
function table(compared) {
  const rows = [...compared]
    .sort(
      (one, other) => Number(other.isHit) - Number(one.isHit) || Number(other.isAtRunTime) - Number(one.isAtRunTime),
    )
    .map((line) => [
      line.package,
      line.version,
      line.isAtRunTime ? 'users' : 'development',
      line.isHit ? 'AFFECTED' : line.isAffected ? `accepted: ${line.reason}` : 'not affected',
      line.severity,
      `fixed in ${line.fixed}`,
      line.id,
      line.about,
    ])
  const widths = rows.reduce((most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, cell.length)), [])
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The whole comparison of the checkout's lock file: a text for people, and exit code 1 where something is to be done. */
export function checkAdvisories() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const compared = compare(lock, KNOWN)
  const missing = notLookedFor(lock, KNOWN)
  const hits = compared.filter(({ isHit }) => isHit).length
  return {
    code: hits > 0 || missing.length > 0 ? 1 : 0,
    output: [
      table(compared),
      '',
      `Looked for on ${KNOWN.lookedForOn}: ${KNOWN.how}`,
      ...missing.map(
        (name) =>
          `${name}: look for its advisories, then add them to scripts/advisories.json, or the name to noneFound`,
      ),
      `advisories: ${compared.length} compared, ${hits} concern a locked version`,
    ].join('\n'),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { code, output } = checkAdvisories()
  console.log(output)
  process.exitCode = code
}
