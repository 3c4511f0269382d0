// What stands against a release, as far as the files of the project say it.

/**
 * Sentences that say what is wrong; none where everything fits.
 * @param {{ version: string, lock: string, source: string, changelog: string, changed: string, tag?: string }} facts
 *   The versions of package.json, its lock and the sources, the changelog, what git says has changed, and the tag.
 * @returns {string[]}
 */
export function flawsOf({ version, lock, source, changelog, changed, tag }) {
  const [, part] = changelog.split(new RegExp(`^## ${version.replaceAll('.', '\\.')}$`, 'm'))
  const lines = part?.split(/^## /m)[0]?.match(/^- /gm) ?? []
  return [
    ...(changed === '' ? [] : [`the tree has changes that are not committed:\n${changed}`]),
    ...(/^\d+\.\d+\.\d+$/.test(version) ? [] : [`${version} is not a version of three numbers`]),
    ...(lock === version ? [] : [`package-lock.json has version ${lock}, package.json ${version}`]),
    ...(source === version ? [] : [`src/version.ts has version ${source}, package.json ${version}`]),
    ...(tag === undefined || tag === `v${version}` ? [] : [`the tag is ${tag}, and the version ${version}`]),
    ...(lines.length > 0 ? [] : [`CHANGELOG.md says nothing under "## ${version}"`]),
  ]
}

/**
 * The formula for Homebrew of an archive.
 * @param {string} template
 * @param {{ version: string, sha256: string }} archive
 * @returns {string}
 */
export function formulaOf(template, { version, sha256 }) {
  const [, ...lines] = template.split('\n')
  return lines.join('\n').replaceAll('@VERSION@', version).replaceAll('@SHA256@', sha256)
}
