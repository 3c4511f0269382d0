import { ANSWER_DEFECTS } from './answer-defects.ts'
import { type Defect, defect, shownBy } from './defect.ts'

const CREATE = 'src/submit/create.ts'
const RECONCILE = 'src/submit/reconcile.ts'
const COLLECT = 'src/collect/collect.ts'
const SETTLE = 'src/collect/settle.ts'
const TRIAGE = 'src/collect/triage.ts'
const FAILURE = 'src/providers/failure.ts'

/** In `harvest`: which files are read. */
const EACH_FILE = '    if (id === null) continue\n'

/** The defects that the proof must find; each breaks one rule that protects the user's money or results. */
export const DEFECTS: readonly Defect[] = [
  defect('the create is repeated by the HTTP layer', 'src/providers/remote-batch.ts', [
    '    return await api.send(request, schema, signal)\n  } catch (error) {\n    throw creationError(error)',
    '    return await api.send(request, schema, signal).catch(() => api.send(request, schema, signal))\n  } catch (error) {\n    throw creationError(error)',
  ]),
  defect(
    'the intent is written after the call',
    CREATE,
    [
      '  const opening = await openIntent(',
      '  const answer = await sendCreate(ports, attempt, inputFileId)\n  const opening = await openIntent(',
    ],
    [
      '  const answer = await sendCreate(ports, attempt, inputFileId)\n  if (answer instanceof NotCreated)',
      '  if (answer instanceof NotCreated)',
    ],
  ),
  defect('commits are not forced to disk', 'src/store/driver.ts', [
    'pragma synchronous = full',
    'pragma synchronous = off',
  ]),
  defect('a create that a crash cut short is sent again', 'src/run/recover.ts', [
    "closeIntent(intent.key, 'unknown', 'unconfirmed', {",
    "closeIntent(intent.key, 'not_created', 'uploaded', {",
  ]),
  defect('one listing proves absence', RECONCILE, [
    "return await next(ports, attempt, 'second_listing', settings.waits.settleMs)",
    'return await startAgain(ports, attempt)',
  ]),
  defect('the fence is skipped', RECONCILE, [
    "      return await fence(ports, attempt, signal)\n    case 'fence':",
    "      return await startAgain(ports, attempt)\n    case 'fence':",
  ]),
  shownBy(
    'seed 290',
    defect('the fence is not confirmed', RECONCILE, [
      "    (await provider.file(attempt.inputFileId, signal)) === 'absent'",
      '    attempt.inputFileId !== null',
    ]),
  ),
  defect('the fence is not remembered before it is set', RECONCILE, [
    "  await store.noteAttempt(attempt.key, { reconcileStep: 'fence' })\n",
    '',
  ]),
  defect('an inconclusive listing proves absence', RECONCILE, [
    '  if (!listing.isConclusive) return',
    '  if (listing.batches.length > 1e9) return',
  ]),
  defect('the listing ends after its first page', 'src/providers/listing.ts', [
    "    if (end === 'reached') return { isConclusive: true, items }\n",
    "    if (end !== '') return { isConclusive: true, items }\n",
  ]),
  defect('an empty page that promises more is the end', 'src/providers/listing.ts', [
    "page.items.length === 0 ? 'is empty but says that more follow' : 'ahead'",
    "page.items.length === 0 ? 'reached' : 'ahead'",
  ]),
  defect('batches are matched by likeness', 'src/submit/adopt.ts', [
    "        batch.metadata['llm_batch_nonce'] === attempt.nonce,",
    "        batch.metadata['llm_batch_nonce'] === attempt.nonce ||\n        (batch.endpoint === attempt.target.endpoint && batch.counts?.total === attempt.requestCount),",
  ]),
  {
    name: 'a 404 on get is taken for absence',
    patches: [
      {
        file: 'src/model/attempt.ts',
        find: "  submitted: ['ended', 'held'],",
        replace: "  submitted: ['ended', 'held', 'abandoned'],",
      },
      {
        file: 'src/watch/poll.ts',
        find: "failure.kind === 'absent' && isOverdue",
        replace: "failure.kind === 'absent'",
      },
      {
        file: 'src/watch/poll.ts',
        find: "    await store.moveAttempt(attempt.key, 'submitted', 'held', {",
        replace:
          "    await store.releaseAttempt(attempt.key, 'submitted')\n    if (attempt.key > 0) return MOVED\n    await store.moveAttempt(attempt.key, 'submitted', 'held', {",
      },
    ],
  },
  defect('a 5xx on create counts as not created', FAILURE, [
    "    case 'refused':\n      return true",
    "    case 'refused':\n    case 'server':\n      return true",
  ]),
  defect('a throttled create is sent again at once', RECONCILE, [
    '  if (found) return await adopt(ports, attempt, intent, found)\n',
    "  if (attempt.reasonCode === 'throttled') {\n    await ports.store.closeIntent(intent.key, 'proved_absent', 'uploaded', waiting(ports, attempt, 0, null))\n    return\n  }\n  if (found) return await adopt(ports, attempt, intent, found)\n",
  ]),
  defect('a throttled create is sent again after one listing', RECONCILE, [
    "      return await next(ports, attempt, 'second_listing'",
    "      if (attempt.reasonCode === 'throttled') {\n        await store.closeIntent(intent.key, 'proved_absent', 'uploaded', waiting(ports, attempt, 0, null))\n        return\n      }\n      return await next(ports, attempt, 'second_listing'",
  ]),
  defect('the output of an expired batch is ignored', COLLECT, [
    EACH_FILE,
    "    if (id === null || (remote.status === 'expired' && file === 'output')) continue\n",
  ]),
  defect('the error file is ignored', COLLECT, [EACH_FILE, "    if (id === null || file === 'error') continue\n"]),
  defect('the results of a cancelled batch are dropped', COLLECT, [
    EACH_FILE,
    "    if (id === null || remote.status === 'cancelled') continue\n",
  ]),
  defect('counts tell what is complete', COLLECT, [
    EACH_FILE,
    "    if (id === null || (file === 'error' && remote.counts?.failed === 0)) continue\n",
  ]),
  defect('answers are joined by position', SETTLE, [
    '    const ordinal = ordinalOf(decoded.wireId, this.#prefix)\n',
    '    const ordinal = [...this.#tries.keys()][line.number - 1]\n',
  ]),
  defect('missing rows are sent again', TRIAGE, [
    "    billed: isUnbilled ? 'no' : 'unknown',\n    retryable: isUnbilled,",
    "    billed: 'no',\n    retryable: true,",
  ]),
  defect(
    'billed truncated rows are sent again',
    TRIAGE,
    [
      "  if (outcome.billed !== 'no' || facts.isCancelling)",
      "  if ((outcome.billed !== 'no' && outcome.status !== 'truncated') || facts.isCancelling)",
    ],
    [
      'verdict: outcome.retryable && hasTriesLeft',
      "verdict: (outcome.retryable || outcome.status === 'truncated') && hasTriesLeft",
    ],
  ),
  {
    name: 'two processes write one run',
    patches: [
      { file: 'src/store/lock.ts', find: "    database.exec('begin exclusive')\n", replace: '' },
      { file: 'src/store/sqlite-run-store.ts', find: '      assertWriter(driver, runKey, id, writer)\n', replace: '' },
    ],
  },
  defect('the audit after a create is skipped', 'src/run/loop.ts', [
    '    this.#launchAudit(attempts, await this.#everMade(attempts))\n',
    '',
  ]),
  defect('the account is not confirmed', 'src/run/confirm-account.ts', [
    '  if (account === context.account) return\n',
    '  if (account !== undefined) return\n',
  ]),
  {
    name: 'a download is believed without size and last line',
    patches: [
      {
        file: 'src/collect/download.ts',
        find: 'if (expected !== null && writer.position !== expected)',
        replace: 'if (expected !== null && writer.position < 0)',
      },
      { file: SETTLE, find: '      if (!line.terminated)\n', replace: '      if (line.number < 0)\n' },
    ],
  },
  defect('written files are not forced to disk', 'src/lib/atomic-file.ts', ['      await file.sync()\n', '']),
  defect('renames are not forced to disk', 'src/lib/atomic-file.ts', ['  await disk.syncFolder(dirname(path))\n', '']),
  defect('planned inputs are not forced to disk', 'src/run/batch-writer.ts', ['    await this.#file.sync()\n', '']),
  defect('the folder of a run is not forced to disk', 'src/run/freeze.ts', [
    'for (const folder of [inputs, path, dirname(path), dirname(dirname(path))]) await',
    'for (const folder of [inputs, path]) await',
  ]),
  defect('what is set aside for a batch is free before its end was seen', 'src/store/sqlite-run-store.ts', [
    "if (answer === 'not_created' || answer === 'proved_absent') releaseReservation",
    "if (answer !== 'unknown') releaseReservation",
  ]),
  defect('a batch is created whatever the cap says', 'src/submit/budget.ts', [
    '  if (taken + micros <= cap) return null',
    '  if (micros <= cap) return null',
  ]),
  defect('a synchronous call that a crash cut short is made again', 'src/submit/call-requests.ts', [
    "if (call.answer === null) await store.closeCall(call.key, 'unknown', null)",
    "if (call.answer === null) await store.closeCall(call.key, 'not_made', null)",
  ]),
  defect('a synchronous call without an answer is made again', 'src/submit/call-requests.ts', [
    '  return !(error instanceof ProviderError && NOT_MADE.includes(error.failure.kind))',
    '  return !(error instanceof ProviderError)',
  ]),
  defect('rows that were asked directly are sent in batches, too', 'src/collect/collect-direct.ts', [
    '    const verdict = triage(answer.outcome, { tries: request.tries, maxTries: settings.maxTries, isCancelling })',
    '    const verdict = isCancelling ? triage(answer.outcome, { tries: request.tries, maxTries: settings.maxTries, isCancelling }) : AGAIN',
  ]),
  defect('the same command typed again makes a new run', 'src/run/start.ts', [
    '  if (unfinished) return unfinished\n',
    '  if (unfinished?.id === id) return unfinished\n',
  ]),
  ...ANSWER_DEFECTS,
]
