import { describe, expect, it } from 'vitest';
import type { GenAiSpan } from '../../api/types.ts';
import { conversationOf } from './messages.ts';

const spanOf = (attributes: GenAiSpan['attributes'], events: GenAiSpan['events'] = []): GenAiSpan => ({
  spanId: '1',
  attributes,
  events,
});

const question = { role: 'user', parts: [{ kind: 'text', text: 'Weather in Paris?' }], finishReason: '' };
const call = { kind: 'toolCall', name: 'get_weather', id: 'c1', text: '{"location": "Paris"}' };
const result = { role: 'tool', parts: [{ kind: 'toolResult', id: 'c1', text: 'rainy, 57°F' }], finishReason: '' };
const answer = { role: 'assistant', parts: [{ kind: 'text', text: 'It is rainy.' }], finishReason: 'stop' };

const inputMessages = [
  { role: 'user', parts: [{ type: 'text', content: 'Weather in Paris?' }] },
  {
    role: 'assistant',
    parts: [{ type: 'tool_call', id: 'c1', name: 'get_weather', arguments: { location: 'Paris' } }],
  },
  { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'rainy, 57°F' }] },
];
const outputMessages = [
  { role: 'assistant', parts: [{ type: 'text', content: 'It is rainy.' }], finish_reason: 'stop' },
];
const expected = [question, { role: 'assistant', parts: [call], finishReason: '' }, result];

describe('conversationOf', () => {
  it.each([
    [
      'attributes with JSON',
      spanOf({
        'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: 'Be brief.' }]),
        'gen_ai.input.messages': JSON.stringify(inputMessages),
        'gen_ai.output.messages': JSON.stringify(outputMessages),
      }),
    ],
    [
      'structured attributes',
      spanOf({
        'gen_ai.system_instructions': [{ type: 'text', content: 'Be brief.' }],
        'gen_ai.input.messages': inputMessages,
        'gen_ai.output.messages': outputMessages,
      }),
    ],
    [
      'the event with all details',
      spanOf({}, [
        {
          name: 'gen_ai.client.inference.operation.details',
          attributes: {
            'gen_ai.system_instructions': 'Be brief.',
            'gen_ai.input.messages': inputMessages,
            'gen_ai.output.messages': JSON.stringify(outputMessages),
          },
        },
      ]),
    ],
  ])('reads messages, tool calls and instructions from %s', (_, span) => {
    const conversation = conversationOf(span);
    expect(conversation.instructions).toEqual([{ kind: 'text', text: 'Be brief.' }]);
    expect(conversation.input).toEqual(expected);
    expect(conversation.output).toEqual([answer]);
    expect([conversation.unread, conversation.isTruncated, conversation.tool]).toEqual([[], false, undefined]);
  });

  const toolCalls = [
    { id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{"location":"Paris"}' } },
  ];
  it.each([
    [
      'an event per message',
      spanOf({}, [
        { name: 'gen_ai.user.message', attributes: { content: 'Weather in Paris?', 'gen_ai.system': 'openai' } },
        {
          name: 'gen_ai.assistant.message',
          attributes: { 'gen_ai.event.content': JSON.stringify({ tool_calls: toolCalls }) },
        },
        { name: 'gen_ai.tool.message', attributes: { id: 'c1', content: 'rainy, 57°F' } },
        {
          name: 'gen_ai.choice',
          attributes: { index: 0, finish_reason: 'stop', message: JSON.stringify({ content: 'It is rainy.' }) },
        },
      ]),
    ],
    [
      'the events of prompt and completion',
      spanOf({}, [
        {
          name: 'gen_ai.content.prompt',
          attributes: {
            'gen_ai.prompt': JSON.stringify([
              { role: 'user', content: [{ type: 'text', text: 'Weather in Paris?' }] },
              { role: 'assistant', content: null, tool_calls: toolCalls },
              { role: 'tool', tool_call_id: 'c1', content: 'rainy, 57°F' },
            ]),
          },
        },
        {
          name: 'gen_ai.content.completion',
          attributes: {
            'gen_ai.completion': JSON.stringify([
              { message: { role: 'assistant', content: 'It is rainy.' }, finish_reason: 'stop' },
            ]),
          },
        },
      ]),
    ],
    [
      'attributes with an index',
      spanOf({
        'gen_ai.prompt.2.tool_call_id': 'c1',
        'gen_ai.prompt.2.role': 'tool',
        'gen_ai.prompt.2.content': 'rainy, 57°F',
        'gen_ai.prompt.1.role': 'assistant',
        'gen_ai.prompt.1.tool_calls.0.id': 'c1',
        'gen_ai.prompt.1.tool_calls.0.name': 'get_weather',
        'gen_ai.prompt.1.tool_calls.0.arguments': '{"location":"Paris"}',
        'gen_ai.prompt.0.role': 'user',
        'gen_ai.prompt.0.content': 'Weather in Paris?',
        'gen_ai.completion.0.content': 'It is rainy.',
        'gen_ai.completion.0.finish_reason': 'stop',
      }),
    ],
  ])('reads messages from %s', (_, span) => {
    const { input, output, unread } = conversationOf(span);
    expect(input).toEqual(expected);
    expect(output).toEqual([answer]);
    expect(unread).toEqual([]);
  });

  it('reads arguments and result of a tool, and indents JSON without rounding numbers', () => {
    const { tool } = conversationOf(
      spanOf({ 'gen_ai.tool.call.arguments': '{"id":1}', 'gen_ai.tool.call.result': { id: 9007199254740993n } }),
    );
    expect(tool).toEqual({ arguments: '{"id": 1}', result: '{"id": 9007199254740993}' });
  });

  it('keeps the beginning of truncated JSON, and says so', () => {
    const text = JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: 'x'.repeat(1000) }] }]).slice(0, 100);
    const { input, isTruncated } = conversationOf(spanOf({ 'gen_ai.input.messages': text }));
    expect(input).toEqual([
      { role: 'user', parts: [{ kind: 'text', text: expect.stringMatching(/^x+$/) as string }], finishReason: '' },
    ]);
    expect(isTruncated).toBe(true);
  });

  it('keeps parts of other kinds, and images, as they are', () => {
    const part = { type: 'blob', modality: 'image', mime_type: 'image/png', content: 'aGk=' };
    const { input } = conversationOf(spanOf({ 'gen_ai.input.messages': [{ role: 'user', parts: [part] }] }));
    expect(input[0]?.parts).toEqual([
      { kind: 'other', label: 'blob image image/png', text: expect.stringContaining('aGk=') as string },
    ]);
  });

  it('says so for content that is nested too deeply', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(conversationOf(spanOf({ 'gen_ai.input.messages': deep })).unread).toHaveLength(1);
  });

  it.each([
    null,
    '',
    42,
    true,
    '{',
    '[[[[',
    '[null, 3, "x", {"role": {"a": 1}, "parts": 7}]',
    '{"__proto__": {"role": "user"}, "parts": {"type": "text"}}',
    [{ role: 'user', parts: [[[]], null, { type: 'tool_call', arguments: null }] }],
    { message: { message: { message: {} } } },
    { tool_calls: [1, null, { function: 'no' }] },
    'plain text',
    '<img src=x onerror=alert(1)>',
  ])('accepts %j in every place', (value) => {
    const events = [
      'gen_ai.user.message',
      'gen_ai.choice',
      'gen_ai.content.prompt',
      'gen_ai.client.inference.operation.details',
    ].map((name) => ({ name, attributes: { content: value, message: value, 'gen_ai.prompt': value, body: value } }));
    const attributes = Object.fromEntries(
      [
        'input.messages',
        'output.messages',
        'system_instructions',
        'tool.call.result',
        'prompt.0.role',
        'prompt.1.content',
      ].map((key) => [`gen_ai.${key}`, value]),
    );
    for (const span of [spanOf(attributes), spanOf({}, events), spanOf(attributes, events)]) {
      expect(() => JSON.stringify(conversationOf(span))).not.toThrow();
    }
  });
});
