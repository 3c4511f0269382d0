// Preloaded by `--import`: notes every module that a process loads in the file that NOTED_LOADS names, a line each.
import { appendFileSync } from 'node:fs'
import { register } from 'node:module'
import { isMainThread } from 'node:worker_threads'

// Node runs hooks in a thread of their own, for which this file is loaded again.
if (isMainThread) register(import.meta.url)

export function load(url, context, next) {
  appendFileSync(process.env.NOTED_LOADS, `${url}\n`)
  return next(url, context)
}
