import { ANSWER_MUTANTS } from './answer-mutants.ts'
import { COUNTED_MUTANTS } from './counted-mutants.ts'
import { LOG_MUTANTS } from './log-mutants.ts'
import { MACHINE_MUTANTS } from './machine-mutants.ts'
import { before, type Mutant, mutant, replace, reword, shownBy } from './mutant.ts'
import { TAIL_MUTANTS } from './tail-mutants.ts'

/** In `placesOf`: which results are read. */
const IS_READ = 'result.role === role'

/** In `absent`: a create that was throttled, of whose batch a listing knows nothing. */
const UPLOADED_AGAIN =
  "await store.closeIntent(intent.key, 'proved_absent', 'uploaded', waiting(ports, attempt, 0, null))"

/** A case in which a run is cancelled while the first synchronous call is under way and batches wait for it. */
const CANCELLED = 'cancelled canary at openai'

/** The defects that the proof must find; each breaks one rule that protects the user's money or results. */
export const MUTANTS: readonly Mutant[] = [
  mutant(
    'the create is repeated by the HTTP layer',
    replace(
      'createBatch',
      'return await api.send(request, schema, signal)',
      'return await api.send(request, schema, signal).catch(() => api.send(request, schema, signal))',
    ),
  ),
  mutant(
    'the intent is written after the call',
    replace('createBatch', 'const answer = await sendCreate(ports, attempt, input)'),
    before(
      'createBatch',
      'const opening = await openIntent(ports, attempt)',
      'const answer = await sendCreate(ports, attempt, input)',
    ),
  ),
  mutant(
    'commits are not forced to disk',
    reword('SqliteDatabase', 'pragma synchronous = full', 'pragma synchronous = off'),
  ),
  mutant(
    'a create that a crash cut short is sent again',
    replace('recover', "'unknown'", "'not_created'"),
    replace('recover', "'unconfirmed'", "'uploaded'"),
  ),
  mutant(
    'one listing proves absence',
    replace(
      'absent',
      "return await next(ports, attempt, 'second_listing', ...ANY)",
      'return await startAgain(ports, attempt, round, { mayBeBilled: false })',
    ),
  ),
  mutant(
    'the fence is skipped',
    replace(
      'absent',
      'return await fence(ports, attempt, signal)',
      'return await startAgain(ports, attempt, round, { mayBeBilled: false })',
      1,
    ),
  ),
  shownBy(
    'seed 290',
    mutant(
      'the fence is not confirmed',
      replace(
        'fence',
        "(await provider.file(attempt.inputFileId, signal)) === 'absent'",
        'attempt.inputFileId !== null',
      ),
    ),
  ),
  mutant(
    'the fence is not remembered before it is set',
    replace('fence', "await store.noteAttempt(attempt.key, { reconcileStep: 'fence' })"),
  ),
  mutant(
    'an inconclusive listing proves absence',
    replace('decide', '!listing.isConclusive', 'listing.batches.length > 1e9'),
  ),
  mutant('the listing ends after its first page', replace('readPages', "end === 'reached'", "end !== ''")),
  mutant(
    'an empty page that promises more is the end',
    replace('endOf', "'is empty but says that more follow'", "'reached'"),
  ),
  mutant(
    'batches are matched by likeness',
    replace(
      'matchesOf',
      'provider.isOurs(batch, attempt)',
      '(provider.isOurs(batch, attempt) || (batch.endpoint === attempt.target.endpoint && batch.counts?.total === attempt.requestCount))',
    ),
  ),
  mutant(
    'a 404 on get is taken for absence',
    replace('MOVES', "submitted: ['ended', 'held']", "submitted: ['ended', 'held', 'abandoned']"),
    replace('getOrLost', 'isOverdue', 'true', 2),
    before(
      'pollBatch',
      "await store.moveAttempt(attempt.key, 'submitted', 'held', ANY)",
      "await store.releaseAttempt(attempt.key, 'submitted')\nif (attempt.key > 0) return MOVED",
    ),
  ),
  mutant('a 5xx on create counts as not created', before('isProofOfNothing', "case 'unreached':", "case 'server':")),
  mutant(
    'a throttled create is sent again at once',
    before(
      'decide',
      'if (!listing.isConclusive) return ANY',
      `if (attempt.reasonCode === 'throttled') {
        const { store } = ports
        ${UPLOADED_AGAIN}
        return
      }`,
    ),
  ),
  mutant(
    'a throttled create is sent again after one listing',
    before(
      'absent',
      "return await next(ports, attempt, 'second_listing', ...ANY)",
      `if (attempt.reasonCode === 'throttled') {
        ${UPLOADED_AGAIN}
        return
      }`,
    ),
  ),
  mutant(
    'the output of an expired batch is ignored',
    replace('placesOf', IS_READ, "result.role === role && !(remote.status === 'expired' && role === 'output')"),
  ),
  mutant('the error file is ignored', replace('placesOf', IS_READ, "result.role === role && role !== 'error'")),
  mutant(
    'the results of a cancelled batch are dropped',
    replace('placesOf', IS_READ, "result.role === role && remote.status !== 'cancelled'"),
  ),
  mutant(
    'counts tell what is complete',
    replace('placesOf', IS_READ, "result.role === role && !(role === 'error' && remote.counts?.failed === 0)"),
  ),
  mutant(
    'answers are joined by position',
    replace('Settling.#readLine', 'ordinalOf(decoded.wireId, this.#prefix)', 'this.#plan.ordinalAt(line.number - 1)'),
  ),
  mutant(
    'missing rows are sent again',
    replace('absentOutcome', "billed: isUnbilled ? 'no' : 'unknown'", "billed: 'no'"),
    replace('absentOutcome', 'retryable: isUnbilled', 'retryable: true'),
  ),
  mutant(
    'billed truncated rows are sent again',
    replace('triage', "outcome.billed !== 'no'", "(outcome.billed !== 'no' && outcome.status !== 'truncated')"),
    replace('triage', 'outcome.retryable', "(outcome.retryable || outcome.status === 'truncated')"),
  ),
  mutant(
    'two processes write one run',
    replace('FolderLocks.#take', "database.exec('begin exclusive')"),
    replace('write', 'await assertWriter(sql, key, id, writer)'),
  ),
  mutant(
    'the audit after a create is skipped',
    replace('Driving.#goRound', 'this.#launchAudit(await this.#audits.due(attempts))'),
  ),
  mutant(
    'the account is not confirmed',
    replace('confirmAccount', 'account === context.account', 'account !== undefined'),
  ),
  mutant(
    'a download is believed without size and last line',
    replace('sizeDoubt', 'told === bytes', 'told !== -1'),
    replace('Settling.#readLine', '!line.terminated', 'line.number < 0'),
  ),
  mutant('written files are not forced to disk', replace('writeAtomically', 'await file.sync()')),
  mutant('renames are not forced to disk', replace('writeAtomically', 'await disk.syncFolder(dirname(path))')),
  mutant('planned inputs are not forced to disk', replace('BatchWriter.finish', 'await this.#file.sync()')),
  mutant(
    'the folder of a run is not forced to disk',
    replace('#syncNames', '[inputs, path, dirname(path), dirname(dirname(path))]', '[inputs, path]'),
  ),
  mutant(
    'what is set aside for a batch is free before its end was seen',
    replace('closeIntent', "answer === 'not_created' || answer === 'proved_absent'", "answer !== 'unknown'"),
  ),
  mutant('a batch is created whatever the cap says', replace('judgeOne', 'taken + micros <= cap', 'micros <= cap')),
  mutant('a synchronous call that a crash cut short is made again', replace('callRequests', "'unknown'", "'not_made'")),
  mutant(
    'a synchronous call without an answer is made again',
    replace('isInDoubt', 'error instanceof ProviderError && NOT_MADE.includes(ANY)', 'error instanceof ProviderError'),
  ),
  mutant(
    'rows that were asked directly are sent in batches, too',
    replace(
      'outcomesOfCalls',
      'triage(answer.outcome, { tries, maxTries, isCancelling: cancelledBy !== null })',
      'cancelledBy === null ? AGAIN : triage(answer.outcome, { tries, maxTries, isCancelling: true })',
    ),
  ),
  shownBy(
    CANCELLED,
    mutant(
      'a step goes by what it was told of a cancellation when it began',
      replace('Driving.#round', '() => this.#cancellation.by', '((by) => () => by)(this.#cancellation.by)'),
    ),
  ),
  shownBy(
    CANCELLED,
    mutant(
      'what was not sent when a run was cancelled is sent all the same',
      replace('Cancellation.giveUpUnsent', 'await this.#context.store.cancelUnsent()', 'await Promise.resolve([])'),
      replace('Driving.#launchSteps', 'this.#isCancelled() && isBatchToCreate(attempt)', 'false'),
    ),
  ),
  mutant(
    'the same command typed again makes a new run',
    replace('findSameWork', 'runs.filter(isSame)', 'runs.slice(0, 0)'),
  ),
  ...ANSWER_MUTANTS,
  ...LOG_MUTANTS,
  ...COUNTED_MUTANTS,
  ...TAIL_MUTANTS,
  ...MACHINE_MUTANTS,
]
