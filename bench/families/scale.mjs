import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { answersIn, COMMAND, OURS } from '../contenders/contenders.mjs'
import { assertWhole } from '../count-answers.mjs'
import { measure, sum } from '../measure.mjs'
import { startSink } from '../servers.mjs'

const ROW_BYTES = 200
const ANSWER_BYTES = 20
const CATALOG = 'catalog'
const SIZES = [300_000, 1_000_000, 10_000_000]

/**
 * Short rows in numbers that show the slope: time, memory and disk by the row.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {Promise<import('../cases.mjs').Case[]>}
 */
export async function scaleCases({ isLong, rows }) {
  const sizes = rows !== undefined ? [rows] : isLong ? SIZES : []
  return sizes.map((size) => ({
    family: 'scale',
    title: `${size.toLocaleString('en-US')} rows of ${ROW_BYTES} bytes`,
    runs: 1,
    contenders: [{ name: 'ours', take: (folder, files) => takeScale(folder, files(size, ROW_BYTES), size) }],
  }))
}

async function takeScale(folder, path, rows) {
  const sink = await startSink(folder, { answerBytes: ANSWER_BYTES })
  try {
    const { environment } = sink
    const take = ({ exitCode, words }) => measure(words, { folder, environment, exitCode })
    const submit = await take(OURS.submit(path, folder))
    await sink.drain()
    const waiting = await take({ words: [COMMAND, 'status', 'last'] })
    const collect = await take(OURS.collect(path, folder))
    // Only so many batches are open at a time: of a long run most are created while others are collected.
    assertWhole('ours', rows, await sink.drain(), answersIn(folder))
    const bytes = bytesBelow(join(folder, 'home'))
    console.error(`${rows} rows: ${describe(bytes, rows)}`)
    const both = { ...sum(submit, collect), catalogBytes: bytes.get(CATALOG) ?? 0 }
    return { 'prepare + submit': submit, 'status while it waits': waiting, collect, both }
  } finally {
    await sink.stop()
  }
}

function bytesBelow(folder) {
  const found = new Map()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const kind = entry.name.startsWith('state.db') ? CATALOG : (entry.parentPath.split(/[\\/]/).at(-1) ?? '')
    const name = /^(?:catalog|inputs|results)$/.test(kind) ? kind : 'rows'
    found.set(name, (found.get(name) ?? 0) + statSync(join(entry.parentPath, entry.name)).size)
  }
  return found
}

function describe(bytes, rows) {
  return [...bytes].map(([name, size]) => `${name} ${Math.round(size / rows)} bytes a row`).join(', ')
}
