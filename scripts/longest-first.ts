import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest, so that none of them is left to end alone; the order counts, the rest follows by itself. */
const LONGEST = [
  'docs/tasks',
  'cli/bucket-home',
  'runs/machines-chaos',
  'providers/many-rows',
  'library/open-run-killed',
  'faults/every-fault',
  'proof/steps',
  'proof/mutants',
  'faults/create',
  'faults/size',
  'cli/deadline',
  'proof/machines',
  'providers/invented',
  'providers/anthropic-runs',
  'runs/long-lives',
  'cli/demo',
  'runs/structured-output',
  'runs/remote',
  'proof/create',
  'proof/simulation',
  'runs/chaos',
  'cli/resume',
  'faults/restart',
  'runs/queue-runs',
  'cli/since',
  'cli/worker',
  'runs/money',
  'calls/killed-program',
  'providers/http',
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
