import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/**
 * A server in a process of its own.
 * @typedef {object} Server
 * @property {Record<string, string>} environment Where a client finds it.
 * @property {() => Promise<number>} drain Waits until all batches have ended; resolves with the rows billed so far.
 * @property {() => Promise<unknown>} nextPoll Resolves at the next look at a batch; of a sink only.
 * @property {() => Promise<void>} stop
 */

/**
 * The local batch server, new and with nothing else to do.
 * @param {string} folder
 */
export function startLocalServer(folder) {
  return start('./server.mjs', [join(folder, 'server')])
}

/**
 * A server that only counts bytes; see sink.mjs.
 * @param {string} folder
 * @param {object} [options]
 */
export function startSink(folder, options = {}) {
  return start('./sink.mjs', [join(folder, 'server'), JSON.stringify(options)])
}

/**
 * @param {string} file
 * @param {readonly string[]} words
 * @returns {Promise<Server>}
 */
async function start(file, words) {
  const child = fork(new URL(file, import.meta.url), words)
  let isStopped = false
  // A client would wait for it, for hours.
  child.once('exit', (code) => {
    if (!isStopped) throw new Error(`${file} ended with ${code}`)
  })
  const [{ url }] = await once(child, 'message')
  return {
    environment: { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: url },
    async drain() {
      child.send('drain')
      for (;;) {
        const [message] = await once(child, 'message')
        if ('rowsBilled' in message) return message.rowsBilled
      }
    },
    nextPoll() {
      child.send('tell poll')
      return once(child, 'message')
    },
    async stop() {
      isStopped = true
      if (child.connected) child.disconnect()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
