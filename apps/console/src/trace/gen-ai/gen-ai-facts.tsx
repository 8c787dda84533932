import './gen-ai.css';
import { tokensText } from './gen-ai-spans.ts';
import { useTraceGenAi } from './trace-gen-ai.ts';

/** The models and the tokens of a trace, as facts of its header. Renders nothing for a trace without calls of models. */
export function GenAiFacts() {
  const { totals } = useTraceGenAi();
  if (totals === undefined) return undefined;
  const { models } = totals;
  return (
    <>
      {models.length > 0 && (
        <div>
          <dt>{models.length === 1 ? 'Model' : 'Models'}</dt>
          <dd title={models.join(', ')}>
            <bdi>{models.length <= 2 ? models.join(', ') : `${models[0]} and ${models.length - 1} more`}</bdi>
          </dd>
        </div>
      )}
      {totals.hasTokens && (
        <div>
          <dt>Tokens</dt>
          <dd>{tokensText(totals)}</dd>
        </div>
      )}
    </>
  );
}

/** Model, tool or agent, and tokens of a span, for its row. Renders nothing for other spans. */
export function GenAiTag({ spanId }: { readonly spanId: string }) {
  const summary = useTraceGenAi().summaries.get(spanId);
  if (summary === undefined) return undefined;
  const tokens = tokensText(summary);
  const name = summary.model || summary.subject;
  if (name === '' && tokens === '') return undefined;
  return (
    <span className="gen-ai-tag">
      {name !== '' && <bdi>{name}</bdi>} {tokens}
    </span>
  );
}
