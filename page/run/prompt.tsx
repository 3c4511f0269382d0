import type { RunDetail } from '../../src/ui/contract.ts'
import { Said } from '../parts/said.tsx'
import { Section } from '../parts/section.tsx'

/** What the run asks, and where its answers go. */
export function Prompt({ run }: { readonly run: RunDetail }) {
  const { answers, asked, inputs } = run
  const facts: readonly (readonly [string, string | null])[] = [
    [
      'Input',
      inputs.length === 0
        ? 'rows of a program'
        : inputs.map((path) => (path === '-' ? 'standard input' : path)).join(', '),
    ],
    ['Answers', answersWords(answers)],
    ['Endpoint', asked.endpoint],
    ['Base URL', asked.baseUrl],
    ['Most tokens', asked.maxTokens === null ? null : String(asked.maxTokens)],
    ['Temperature', asked.temperature === null ? null : String(asked.temperature)],
    ['Schema', asked.hasSchema ? 'answers are checked' : null],
  ]
  return (
    <Section title="What it asks" name="prompt">
      <dl class="facts">
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Said text={value} />
              </dd>
            </div>
          ),
        )}
      </dl>
      {asked.system === null ? null : <Turn role="system" text={asked.system} />}
      {asked.prompt === null ? null : <Turn role="prompt" text={asked.prompt} />}
    </Section>
  )
}

function Turn({ role, text }: { readonly role: string; readonly text: string }) {
  return (
    <div class="turn">
      <p class="role">{role}</p>
      <pre tabIndex={0} data-scrolls>
        <Said text={text} />
      </pre>
    </div>
  )
}

function answersWords({ isThere, path }: RunDetail['answers']): string | null {
  if (path === null) return null
  if (path === '-') return 'standard output'
  return isThere ? path : `${path} (not written yet)`
}
