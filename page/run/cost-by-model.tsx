import type { ModelSpent, RunDetail } from '../../src/ui/contract.ts'
import { Meter } from '../parts/meter.tsx'
import { Empty } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { Section } from '../parts/section.tsx'
import { count, counted, dollars, short } from '../words/quantity.ts'

/** What each model cost, and what the same would have cost in synchronous calls. */
export function CostByModel({ run }: { readonly run: RunDetail }) {
  const { models, spent } = run
  const most = Math.max(
    ...models.map(({ synchronousUsd, totalUsd }) => Math.max(synchronousUsd ?? 0, totalUsd ?? 0)),
    1e-12,
  )
  return (
    <Section
      title="Cost by model"
      name="cost"
      aside={spent.synchronousUsd === null ? undefined : `${dollars(spent.synchronousUsd)} in synchronous calls`}
    >
      {models.length === 0 ? <Empty title="Nothing was bought yet." /> : null}
      <ul class="models">
        {models.map((model) => (
          <ModelCost key={`${model.provider} ${model.endpoint} ${model.model}`} model={model} most={most} />
        ))}
      </ul>
    </Section>
  )
}

function ModelCost({ model, most }: { readonly model: ModelSpent; readonly most: number }) {
  const { completionTokens, pricedAsOf, promptTokens, results, synchronousUsd, totalUsd, withoutUsage } = model
  return (
    <li>
      <div class="model-name">
        <Said text={`${model.provider}/${model.model}`} />
        <span class="aside">
          {short(promptTokens)} tokens in, {short(completionTokens)} out, {counted(results, 'result')}
        </span>
      </div>
      <dl class="prices">
        <div>
          <dt>as bought</dt>
          <dd>
            <Meter parts={[{ share: (totalUsd ?? 0) / most, look: 'good' }]} />
            <b>{dollars(totalUsd)}</b>
          </dd>
        </div>
        <div>
          <dt>synchronous</dt>
          <dd>
            <Meter parts={[{ share: (synchronousUsd ?? 0) / most, look: 'plain' }]} />
            {dollars(synchronousUsd)}
          </dd>
        </div>
      </dl>
      <p class="under">
        {[
          ...reading(model),
          pricedAsOf === null ? '' : `prices as of ${pricedAsOf}`,
          withoutUsage === 0 ? '' : `not counted by the provider for ${counted(withoutUsage, 'result')}`,
        ]
          .filter((part) => part !== '')
          .join(', ')}
      </p>
    </li>
  )
}

function reading({ cachedTokens, reasoningTokens }: ModelSpent): readonly string[] {
  return [
    cachedTokens === 0 ? '' : `${count(cachedTokens)} tokens from the cache`,
    reasoningTokens === 0 ? '' : `${count(reasoningTokens)} for reasoning`,
  ]
}
