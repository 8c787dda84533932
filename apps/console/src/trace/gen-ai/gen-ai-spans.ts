import { attributeText } from '@spandrel/console-api/attribute-text';
import type { GenAiSpan } from '../../api/types.ts';
import { formatNumber } from '../../format/number.ts';
import type { TraceModel } from '../trace-model.ts';

/** What a span says about its call of a model, of an agent or of a tool. OpenTelemetry's conventions for generative AI. */
export interface GenAiSummary {
  /** Such as chat, embeddings, execute_tool or invoke_agent; empty if unknown. */
  readonly operation: string;
  readonly provider: string;
  /** The model that responded, or the requested one; empty for a tool. */
  readonly model: string;
  /** Name of the tool or of the agent; empty for a model. */
  readonly subject: string;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly finishReasons: readonly string[];
}

/** Read the attributes of a span. Older names of attributes count too. */
export function genAiSummaryOf(attributes: GenAiSpan['attributes']): GenAiSummary {
  const text = (...keys: readonly string[]): string => {
    const key = keys.find((each) => Object.hasOwn(attributes, each));
    return key === undefined ? '' : attributeText(attributes[key]).slice(0, 200);
  };
  const number = (...keys: readonly string[]): number | undefined => {
    const value = Number(text(...keys) || Number.NaN);
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  const reasons = Object.hasOwn(attributes, 'gen_ai.response.finish_reasons')
    ? attributes['gen_ai.response.finish_reasons']
    : [];
  return {
    operation: text('gen_ai.operation.name'),
    provider: text('gen_ai.provider.name', 'gen_ai.system'),
    model: text('gen_ai.response.model', 'gen_ai.request.model'),
    subject: text('gen_ai.tool.name', 'gen_ai.agent.name'),
    inputTokens: number('gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'),
    outputTokens: number('gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'),
    finishReasons: (Array.isArray(reasons) ? reasons.slice(0, 20) : [reasons])
      .map((reason) => attributeText(reason).slice(0, 100))
      .filter((reason) => reason !== ''),
  };
}

/** Whether a span follows the conventions for generative AI. */
export function isGenAi(attributes: GenAiSpan['attributes']): boolean {
  return Object.keys(attributes).some((key) => genAiKeys.has(key));
}

/** The same keys as in read-gen-ai.sql. */
const genAiKeys: ReadonlySet<string> = new Set([
  'gen_ai.operation.name',
  'gen_ai.provider.name',
  'gen_ai.system',
  'gen_ai.request.model',
  'gen_ai.response.model',
  'gen_ai.tool.name',
  'gen_ai.agent.name',
]);

/** The tokens of a trace, and the models that it called. */
export interface GenAiTotals {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly hasTokens: boolean;
  readonly models: readonly string[];
}

/** Sum the tokens of a trace. A span that contains other spans with tokens, such as an agent, repeats them and does not count. */
export function genAiTotals(
  summaries: ReadonlyMap<string, GenAiSummary>,
  { waterfall, parent, order }: Pick<TraceModel, 'waterfall' | 'parent' | 'order'>,
): GenAiTotals {
  const summaryOf = (span: number): GenAiSummary | undefined => summaries.get(waterfall.spans.id[span] ?? '');
  /** 1 for a span with a descendant that has tokens. */
  const contains = new Uint8Array(parent.length);
  let [inputTokens, outputTokens, hasTokens] = [0, 0, false];
  const models = new Set<string>();
  // Children before their parents.
  for (const span of order.toReversed()) {
    const summary = summaryOf(span);
    const own = summary?.inputTokens !== undefined || summary?.outputTokens !== undefined;
    if (summary !== undefined && summary.model !== '') models.add(summary.model);
    if (own && contains[span] === 0) {
      inputTokens += summary.inputTokens ?? 0;
      outputTokens += summary.outputTokens ?? 0;
      hasTokens = true;
    }
    const up = parent[span] ?? -1;
    if (up !== -1 && (own || contains[span] === 1)) contains[up] = 1;
  }
  return { inputTokens, outputTokens, hasTokens, models: [...models].toSorted() };
}

/** Such as `1,234 in, 56 out`; empty without tokens. */
export function tokensText({ inputTokens, outputTokens }: Partial<GenAiSummary>): string {
  return [
    inputTokens === undefined ? '' : `${formatNumber(inputTokens)} in`,
    outputTokens === undefined ? '' : `${formatNumber(outputTokens)} out`,
  ]
    .filter((each) => each !== '')
    .join(', ');
}
