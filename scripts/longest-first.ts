import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest, so that none of them is left to end alone; the order counts, the rest follows by itself. */
const LONGEST = [
  'faults/every-fault',
  'cli/demo',
  'runs/chaos',
  'cli/resume',
  'faults/restart',
  'runs/structured-output',
  'runs/remote',
  'runs/money',
  'cli/since',
  'runs/queue-runs',
  'proof/steps',
  'proof/create',
  'proof/simulation',
  'faults/create',
  'runs/long-lives',
  'faults/input',
  'faults/cancel',
  'runs/dedupe',
  'cli/manage',
  'cli/doctor-live',
  'cli/formats',
  'cli/deadline',
].map((name) => `/test/${name}.test.ts`)

/** Starts the longest test files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((one, other) => place(one) - place(other))
  }
}

function place({ moduleId }: TestSpecification): number {
  const index = LONGEST.findIndex((ending) => moduleId.endsWith(ending))
  return index === -1 ? LONGEST.length : index
}
