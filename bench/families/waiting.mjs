import { fileURLToPath } from 'node:url'
import { COMMAND, OURS, writeConfiguration } from '../contenders/contenders.mjs'
import { measure } from '../measure.mjs'
import { startSink } from '../servers.mjs'

const POLLS = fileURLToPath(new URL('../contenders/polls.mjs', import.meta.url))
const INTERRUPTED = 130

/**
 * What a run costs while nothing happens: taking it up again, and looking at its batches.
 * @param {import('../cases.mjs').Wishes} wishes
 * @returns {Promise<import('../cases.mjs').Case[]>}
 */
export async function waitingCases({ isLong, rows = isLong ? 1_000_000 : 50_000 }) {
  const polls = isLong ? 10_000 : 1_000
  return [
    {
      family: 'waiting',
      title: `resume of ${rows.toLocaleString('en-US')} rows`,
      runs: isLong ? 1 : undefined,
      contenders: [{ name: 'ours', take: (folder, files) => takeResume(folder, files(rows)) }],
    },
    {
      family: 'waiting',
      title: `${polls.toLocaleString('en-US')} polls`,
      runs: isLong ? 1 : undefined,
      contenders: [
        { name: 'bare', take: (folder, files) => takeBarePolls(folder, files(10), polls) },
        { name: 'ours', take: (folder, files) => takePolls(folder, files(10), polls) },
      ],
    },
  ]
}

/** A run that was submitted is taken up again; measured to its first look at a batch, then interrupted. */
async function takeResume(folder, path) {
  const sink = await startSink(folder, { answerBytes: 20 })
  try {
    const { environment } = sink
    const { exitCode, words } = OURS.submit(path, folder)
    await measure(words, { folder, environment, exitCode })
    const resume = [COMMAND, 'resume', 'last', '--quiet']
    const options = { folder, environment, exitCode: INTERRUPTED, until: sink.nextPoll() }
    return { 'to the first poll': await measure(resume, options) }
  } finally {
    await sink.stop()
  }
}

/** A run of one small batch that is looked at so often before it has ended. */
async function takePolls(folder, path, polls) {
  const sink = await startSink(folder, { polls })
  try {
    const { environment } = sink
    const { exitCode, words } = OURS.submit(path, folder)
    await measure(words, { folder, environment, exitCode })
    writeConfiguration(folder, { waits: { poll: '1ms', pollMost: '1ms' } })
    return { polls: await measure([COMMAND, 'resume', 'last', '--quiet'], { folder, environment }) }
  } finally {
    await sink.stop()
  }
}

async function takeBarePolls(folder, path, polls) {
  const sink = await startSink(folder, { polls })
  try {
    const { environment } = sink
    const { exitCode, words } = OURS.submit(path, folder)
    await measure(words, { folder, environment, exitCode })
    return { polls: await measure([POLLS, 'batch_0'], { folder, environment }) }
  } finally {
    await sink.stop()
  }
}
