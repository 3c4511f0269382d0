import { plainLine } from '../../../lib/plain-text.ts'
import { PROBE_QUESTIONS, type ProbeQuestion, type ProbeRecord } from '../../../model/probe.ts'
import type { Evidence } from '../../../probe/evidence.ts'
import type { Colors } from '../terminal/colors.ts'
import { renderFacts } from '../terminal/facts.ts'

/** What each question asks, in words for people. */
const WORDS: Readonly<Record<ProbeQuestion, string>> = {
  deletedInput: 'no batch from a deleted input',
  listing: 'a new batch is listed in time',
  cancel: 'a cancelled batch ends',
  deletedWhileQueued: 'input deleted while queued',
  recognition: 'a lost batch is recognised',
}

/** All findings of a live probe. */
export function renderEvidence({ at, baseUrl, findings, model }: ProbeRecord, colors: Colors): string {
  const title = `Live probe of ${plainLine(model)} at ${baseUrl}, ${new Date(at).toISOString()}`
  const facts = PROBE_QUESTIONS.flatMap((question) => {
    const finding = findings[question]
    if (finding === undefined) return []
    const { seen, verdict } = finding
    const word = verdict === 'broken' ? colors.red(verdict) : verdict
    return [[WORDS[question], `${word}: ${plainLine(seen)}`] as const]
  })
  return `${colors.bold(title)}\n\n${renderFacts(facts, colors)}`
}

/** On which evidence the promise rests at a provider, in few words; `model` is what a probe could be bought from. */
export function describeEvidence(evidence: Evidence | null, model: string, colors: Colors): string {
  if (evidence === null) return `not done at this provider yet; do it with: llm-batch doctor --live --model ${model}`
  const { isSameKey, probe } = evidence
  const day = new Date(probe.at).toISOString().slice(0, 10)
  const key = isSameKey === false ? ', with another key' : ''
  const results = PROBE_QUESTIONS.flatMap((question) => {
    const verdict = probe.findings[question]?.verdict
    if (verdict === undefined) return []
    return [`${WORDS[question]}: ${verdict === 'broken' ? colors.red(verdict) : verdict}`]
  })
  return `done on ${day}${key}: ${results.join('; ')}`
}

/** The same for `--json`; null where nothing was tested. */
export function evidenceDocument(evidence: Evidence | null): object | null {
  if (evidence === null) return null
  const { at, baseUrl, findings, listedAfterMs, model } = evidence.probe
  const { isSameKey } = evidence
  return { testedAt: new Date(at).toISOString(), baseUrl, model, isSameKey, listedAfterMs, findings }
}
