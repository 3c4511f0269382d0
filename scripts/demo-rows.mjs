// Makes the rows of `llm-batch demo` from the package web-features, which is a development dependency only: users get this
// small extract. To be run after that package was updated: `node scripts/demo-rows.mjs`. A test compares the two.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { features } from 'web-features'
import { root } from './project.mjs'

const FOLDER = join(root, 'data', 'web-features')
const PACKAGE = join(root, 'node_modules', 'web-features')

/** The extract as JSON lines: key, name and description of every feature, sorted by key. */
export function demoRows() {
  return Object.entries(features)
    .filter(([, { kind }]) => kind === 'feature')
    .map(([feature, { description, name }]) => `${JSON.stringify({ feature, name, description })}\n`)
    .join('')
}

/** The version that the extract is made from. */
export function packageVersion() {
  return JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')).version
}

function readMe(rows) {
  return `# Rows of the demo

\`features.jsonl\` is an extract, made by \`scripts/demo-rows.mjs\`, of the npm package \`web-features\` ${packageVersion()}
(https://github.com/web-platform-dx/web-features) by the W3C WebDX Community Group: the key, the name and the description of
its ${rows.toLocaleString('en-US')} features, one a line. Everything else was left out; nothing was changed in what is there. It is licensed
under the Apache License 2.0, see [LICENSE.txt](LICENSE.txt).
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = demoRows()
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'features.jsonl'), text)
  writeFileSync(join(FOLDER, 'README.md'), readMe(text.trimEnd().split('\n').length))
  copyFileSync(join(PACKAGE, 'LICENSE.txt'), join(FOLDER, 'LICENSE.txt'))
}
