import { describe, expect, it } from 'vitest';
import { type Row, waterfallOf } from '../example-traces.ts';
import { traceModelOf } from '../trace-model.ts';
import { genAiSummaryOf, genAiTotals, isGenAi, tokensText } from './gen-ai-spans.ts';

describe('genAiSummaryOf', () => {
  it('reads model, tokens and finish reasons, and prefers the model that responded', () => {
    expect(
      genAiSummaryOf({
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o',
        'gen_ai.response.model': 'gpt-4o-2024-08-06',
        'gen_ai.usage.input_tokens': 1234,
        'gen_ai.usage.output_tokens': '56',
        'gen_ai.response.finish_reasons': ['stop', 'length'],
      }),
    ).toEqual({
      operation: 'chat',
      provider: 'openai',
      model: 'gpt-4o-2024-08-06',
      subject: '',
      inputTokens: 1234,
      outputTokens: 56,
      finishReasons: ['stop', 'length'],
    });
  });

  it('reads older names, and ignores values of wrong types', () => {
    expect(
      genAiSummaryOf({
        'gen_ai.system': 'anthropic',
        'gen_ai.usage.prompt_tokens': 3,
        'gen_ai.usage.completion_tokens': 'many',
        'gen_ai.response.finish_reasons': 'end_turn',
      }),
    ).toMatchObject({ provider: 'anthropic', inputTokens: 3, outputTokens: undefined, finishReasons: ['end_turn'] });
    expect(isGenAi({ 'gen_ai.system': 'x' })).toBe(true);
    expect(isGenAi({ 'http.route': '/' })).toBe(false);
  });
});

describe('genAiTotals', () => {
  it('counts the tokens of an agent only if no span below it has tokens', () => {
    const rows: readonly Row[] = [
      ['agent', null, 0, 100],
      ['chat 1', 'agent', 10, 20],
      ['chat 2', 'agent', 30, 40],
      ['tool', 'agent', 45, 50],
      ['inner agent', 'agent', 60, 90],
    ];
    const tokens = (inputTokens: number, outputTokens: number, model = 'm') =>
      genAiSummaryOf({
        'gen_ai.usage.input_tokens': inputTokens,
        'gen_ai.usage.output_tokens': outputTokens,
        'gen_ai.request.model': model,
      });
    const summaries = new Map([
      ['agent', tokens(1000, 1000)],
      ['chat 1', tokens(10, 1)],
      ['chat 2', tokens(20, 2, 'n')],
      ['tool', genAiSummaryOf({ 'gen_ai.tool.name': 'get_weather' })],
      ['inner agent', tokens(30, 3)],
    ]);
    expect(genAiTotals(summaries, traceModelOf(waterfallOf(rows)))).toEqual({
      inputTokens: 60,
      outputTokens: 6,
      hasTokens: true,
      models: ['m', 'n'],
    });
    expect(genAiTotals(new Map(), traceModelOf(waterfallOf(rows))).hasTokens).toBe(false);
  });
});

it('tokensText leaves out what is unknown', () => {
  expect(tokensText({ inputTokens: 1234, outputTokens: 56 })).toBe('1,234 in, 56 out');
  expect(tokensText({ outputTokens: 0 })).toBe('0 out');
  expect(tokensText({})).toBe('');
});
