import { createHash } from 'node:crypto'
import { writeAtomically } from '../lib/atomic-file.ts'
import { splitLines } from '../lib/jsonl.ts'
import { withId } from '../log/frozen-line.ts'
import { nonceFrom, wirePrefix } from '../model/ids.ts'
import type { AttemptRecord, NewAttempt } from '../store/port/attempt.ts'
import type { SubmitPorts } from './ports.ts'

const LINE_FEED = new Uint8Array([0x0a])

/**
 * Prepares the next attempt of a batch: the same lines in the same order under a new nonce, in a file of their own.
 * Wire ids have a fixed length, so every offset and the size stay what they were.
 */
export async function renewInput(
  ports: Pick<SubmitPorts, 'clock' | 'disk' | 'folder' | 'random'>,
  attempt: AttemptRecord,
): Promise<NewAttempt> {
  return await renewInputUnder(ports, attempt, nonceFrom(ports.random.bytes(16)))
}

/** The same under a nonce that is given, because a remote batch of the same work was made with it. */
export async function renewInputUnder(
  { clock, disk, folder }: Pick<SubmitPorts, 'clock' | 'disk' | 'folder'>,
  attempt: AttemptRecord,
  nonce: string,
): Promise<NewAttempt> {
  const [from, to] = [wirePrefix(attempt.nonce), wirePrefix(nonce)]
  const inputName = `${nonce}.jsonl`
  const sha256 = createHash('sha256')
  await writeAtomically(disk, folder.input(inputName), async (writer) => {
    for await (const lines of splitLines(disk.stream(folder.input(attempt.inputName)))) {
      for (const line of lines) {
        const bytes = withId(line.bytes, from, to)
        sha256.update(bytes).update(LINE_FEED)
        await writer.writeBytes(bytes)
        await writer.writeBytes(LINE_FEED)
      }
    }
  })
  return {
    nonce,
    inputName,
    inputBytes: attempt.inputBytes,
    inputSha256: sha256.digest('hex'),
    createdAt: clock.now(),
  }
}
