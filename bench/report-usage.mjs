// Loaded before a measured program (`node --import`): writes what it took of the machine to a file when it exits.
import { writeFileSync } from 'node:fs'

const path = process.env.BENCH_USAGE_FILE
if (path === undefined) throw new Error('BENCH_USAGE_FILE names no file')
process.on('exit', () => {
  const { maxRSS, systemCPUTime, userCPUTime } = process.resourceUsage()
  const usage = { processorMilliseconds: (systemCPUTime + userCPUTime) / 1_000, peakBytes: maxRSS * 1_024 }
  writeFileSync(path, JSON.stringify(usage))
})
