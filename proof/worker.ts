import { createHash } from 'node:crypto'
import { carryOutCase } from './cases.ts'
import type { CaseReport } from './tally.ts'

/** A process that carries out the cases it is sent by name, and answers with a report of each. */
process.on('message', (name: string) => void answer(name))
// No process waits for an answer any more.
process.on('disconnect', () => process.exit())

async function answer(name: string): Promise<void> {
  process.send?.(await reportOf(name))
}

async function reportOf(name: string): Promise<CaseReport> {
  try {
    const { crashes, reached, steps, trace, violations } = await carryOutCase(name)
    const digest = createHash('sha256').update(trace.join('\n')).digest('hex')
    return { name, violations, reached, steps, crashes, digest }
  } catch (error) {
    // A case that breaks the proof itself is a failure like any other, and must not end the others.
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { name, violations: [{ metric: 'dishonest exit', detail }], reached: [], steps: 0, crashes: 0, digest: '' }
  }
}
