// Runs all tests beside busy loops, three for each core, so that a test that waits for time and not for what it means
// fails here: npm run stress, or npm run stress -- 2 for two times in place of five. Ends at the first failure.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { commandOf, root } from './project.mjs'

const LOOPS_PER_CORE = 3

const times = Number(process.argv[2] ?? 5)
const loops = Array.from({ length: availableParallelism() * LOOPS_PER_CORE }, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
)
process.on('exit', () => loops.forEach((loop) => loop.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

for (let time = 1; time <= times; time += 1) {
  console.log(`stress: run ${time} of ${times}, beside ${loops.length} busy loops`)
  if ((await runTests()) !== 0) {
    console.log(`stress: run ${time} of ${times} failed`)
    process.exit(1)
  }
}
console.log(`stress: all tests passed ${times} times`)
process.exit(0)

function runTests() {
  const tests = spawn(process.execPath, [commandOf('vitest', 'vitest'), 'run'], { cwd: root, stdio: 'inherit' })
  return new Promise((resolve) => tests.once('close', resolve))
}
