import { attributeText } from '@spandrel/console-api/attribute-text';
import type { GenAiSpan } from '../../api/types.ts';
import { indentedJson } from '../span/json-format.ts';
import { parseTruncatedJson } from './truncated-json.ts';

/** A part of a message. Texts are as the sender wrote them, except that JSON is indented. */
export type MessagePart =
  | { readonly kind: 'text' | 'reasoning'; readonly text: string }
  | { readonly kind: 'toolCall'; readonly name: string; readonly id: string; readonly text: string }
  | { readonly kind: 'toolResult'; readonly id: string; readonly text: string }
  | { readonly kind: 'other'; readonly label: string; readonly text: string };

export interface Message {
  /** Such as user, assistant, system or tool. */
  readonly role: string;
  readonly parts: readonly MessagePart[];
  readonly finishReason: string;
}

/** The content of a span: of a call of a model, or of a tool. */
export interface Conversation {
  readonly instructions: readonly MessagePart[];
  readonly input: readonly Message[];
  readonly output: readonly Message[];
  /** Arguments and result of a tool; undefined for a model. */
  readonly tool: { readonly arguments: string; readonly result: string } | undefined;
  /** Content that is not as the conventions say, by attribute. */
  readonly unread: readonly (readonly [key: string, text: string])[];
  /** The end of some content is missing. */
  readonly isTruncated: boolean;
}

const maxMessages = 1_000;
const maxParts = 200;

/**
 * Read the content of a span. The sources, in this order: the attributes `gen_ai.input.messages` and others, the same
 * attributes of the event `gen_ai.client.inference.operation.details`, an event per message (`gen_ai.user.message`), the
 * events `gen_ai.content.prompt` and `gen_ai.content.completion`, and the attributes `gen_ai.prompt` and
 * `gen_ai.completion`, whole or with an index (`gen_ai.prompt.0.role`). Never throws, whatever senders write.
 */
export function conversationOf(span: GenAiSpan): Conversation {
  try {
    return readConversation(span);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // Too deep for the stack.
    const unread = [['content', 'The content is nested too deeply to be shown']] as const;
    return { instructions: [], input: [], output: [], tool: undefined, unread, isTruncated: false };
  }
}

function readConversation({ attributes, events }: GenAiSpan): Conversation {
  const reader = new Reader();
  const details = events.find(({ name }) => name === 'gen_ai.client.inference.operation.details')?.attributes ?? {};
  const valueOf = (key: string): unknown => own(attributes, key) ?? own(details, key);

  const instructions = reader.read('gen_ai.system_instructions', valueOf('gen_ai.system_instructions'), partsOf) ?? [];
  const input =
    reader.read('gen_ai.input.messages', valueOf('gen_ai.input.messages'), messagesOf) ??
    ofEvents(reader, events, (name) => inputEvents.has(name)) ??
    ofContentEvent(reader, events, 'gen_ai.content.prompt', 'gen_ai.prompt') ??
    reader.read('gen_ai.prompt', valueOf('gen_ai.prompt'), messagesOf) ??
    indexedMessages(attributes, 'gen_ai.prompt.');
  const output =
    reader.read('gen_ai.output.messages', valueOf('gen_ai.output.messages'), messagesOf) ??
    ofEvents(reader, events, (name) => name === 'gen_ai.choice') ??
    ofContentEvent(reader, events, 'gen_ai.content.completion', 'gen_ai.completion') ??
    reader.read('gen_ai.completion', valueOf('gen_ai.completion'), messagesOf) ??
    indexedMessages(attributes, 'gen_ai.completion.');
  const [toolArguments, toolResult] = ['gen_ai.tool.call.arguments', 'gen_ai.tool.call.result'].map(valueOf);
  return {
    instructions,
    input,
    output,
    tool:
      toolArguments === undefined && toolResult === undefined
        ? undefined
        : { arguments: prettyText(toolArguments), result: prettyText(toolResult) },
    unread: reader.unread,
    isTruncated: reader.isTruncated,
  };
}

const inputEvents: ReadonlySet<string> = new Set([
  'gen_ai.system.message',
  'gen_ai.user.message',
  'gen_ai.assistant.message',
  'gen_ai.tool.message',
]);

type Members = Readonly<Record<string, unknown>>;

/** Reads JSON, and collects what is not readable. */
class Reader {
  readonly unread: (readonly [string, string])[] = [];
  isTruncated = false;

  /** @returns undefined if there is no value, or nothing in it that can be read */
  read<Result>(
    key: string,
    value: unknown,
    parse: (value: unknown) => readonly Result[],
  ): readonly Result[] | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    const found = parse(this.json(value));
    if (found.length > 0) return found;
    const text = attributeText(value);
    if (text !== '[]') this.unread.push([key, text]);
    return undefined;
  }

  /** The value of JSON in a text; other values as they are. */
  json(value: unknown): unknown {
    if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
    const parsed = parseTruncatedJson(value);
    if (parsed === undefined) return value;
    this.isTruncated ||= parsed.isTruncated;
    return parsed.value;
  }
}

function own(members: Members, key: string): unknown {
  return Object.hasOwn(members, key) ? members[key] : undefined;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null || value === '' ? [] : [value];
}

/** Messages of a list, or of one message. A text is a message without a role. */
function messagesOf(value: unknown): readonly Message[] {
  return listOf(value)
    .slice(0, maxMessages)
    .map((each) => messageOf(each, ''))
    .filter(({ role, parts }) => role !== '' || parts.length > 0);
}

function messageOf(value: unknown, defaultRole: string): Message {
  if (!isMembers(value)) return { role: defaultRole, parts: partsOf(value), finishReason: '' };
  // A choice contains its message.
  const message = own(value, 'message');
  if (isMembers(message)) {
    const inner = messageOf(message, defaultRole);
    return { ...inner, finishReason: inner.finishReason || textOf(own(value, 'finish_reason')) };
  }
  const role = textOf(own(value, 'role')) || defaultRole;
  const content = partsOf(own(value, 'parts') ?? own(value, 'content'));
  const calls = listOf(own(value, 'tool_calls')).slice(0, maxParts).filter(isMembers).map(toolCallOf);
  const id = textOf(own(value, 'tool_call_id')) || (role === 'tool' ? textOf(own(value, 'id')) : '');
  const parts =
    role === 'tool'
      ? content.map((part) => (part.kind === 'text' ? ({ kind: 'toolResult', id, text: part.text } as const) : part))
      : content;
  return { role, parts: [...parts, ...calls], finishReason: textOf(own(value, 'finish_reason')) };
}

function partsOf(value: unknown): readonly MessagePart[] {
  return listOf(value).slice(0, maxParts).map(partOf);
}

function partOf(value: unknown): MessagePart {
  if (!isMembers(value)) return { kind: 'text', text: textOf(value) };
  const type = textOf(own(value, 'type'));
  const text = own(value, 'content') ?? own(value, 'text');
  switch (type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { kind: 'text', text: prettyText(text) };
    case 'reasoning':
    case 'thinking':
      return { kind: 'reasoning', text: prettyText(text ?? own(value, 'thinking')) };
    case 'tool_call':
    case 'tool_use':
    case 'server_tool_call':
      return toolCallOf(value);
    case 'tool_call_response':
    case 'tool_result':
    case 'server_tool_call_response':
      return {
        kind: 'toolResult',
        id: textOf(own(value, 'id')) || textOf(own(value, 'tool_use_id')),
        text: prettyText(own(value, 'response') ?? own(value, 'result') ?? text),
      };
    case '':
      if (text !== undefined) return { kind: 'text', text: prettyText(text) };
      break;
    default:
  }
  const label = [type, textOf(own(value, 'modality')), textOf(own(value, 'mime_type'))]
    .filter((each) => each !== '')
    .join(' ');
  return { kind: 'other', label: label.slice(0, 200), text: prettyText(value) };
}

function toolCallOf(value: Members): MessagePart {
  const called = own(value, 'function');
  const source = isMembers(called) ? called : value;
  return {
    kind: 'toolCall',
    name: textOf(own(source, 'name')).slice(0, 200),
    id: textOf(own(value, 'id')),
    text: prettyText(own(source, 'arguments') ?? own(source, 'input')),
  };
}

/** Messages of which each has its own event. */
function ofEvents(
  reader: Reader,
  events: GenAiSpan['events'],
  isWanted: (name: string) => boolean,
): readonly Message[] | undefined {
  const found = events.filter(({ name }) => isWanted(name)).slice(0, maxMessages);
  if (found.length === 0) return undefined;
  return found.map(({ name, attributes }) => {
    const [, role = 'assistant'] = /^gen_ai\.(\w+)\.message$/.exec(name) ?? [];
    const body = reader.json(own(attributes, 'gen_ai.event.content') ?? own(attributes, 'body'));
    const fields: Record<string, unknown> = { ...(isMembers(body) ? body : { content: body }) };
    for (const key of ['role', 'content', 'message', 'tool_calls', 'finish_reason', 'id', 'tool_call_id']) {
      const value = own(attributes, key);
      if (value !== undefined) fields[key] = reader.json(value);
    }
    return messageOf(fields, role);
  });
}

function ofContentEvent(
  reader: Reader,
  events: GenAiSpan['events'],
  name: string,
  key: string,
): readonly Message[] | undefined {
  const found = events.filter((event) => event.name === name).slice(0, maxMessages);
  const messages = found.flatMap(({ attributes }) => reader.read(key, own(attributes, key), messagesOf) ?? []);
  return messages.length === 0 ? undefined : messages;
}

/** Messages in attributes such as `gen_ai.prompt.0.content` and `gen_ai.prompt.0.tool_calls.0.name`. */
function indexedMessages(attributes: Members, prefix: string): readonly Message[] {
  const byIndex = new Map<number, Map<string, unknown>>();
  for (const [key, value] of Object.entries(attributes)) {
    const [, index, field] = (key.startsWith(prefix) && /^(\d{1,4})\.(.+)$/.exec(key.slice(prefix.length))) || [];
    if (index === undefined || field === undefined || Number(index) >= maxMessages) continue;
    const message = byIndex.get(Number(index)) ?? new Map<string, unknown>();
    byIndex.set(Number(index), message.set(field, value));
  }
  return [...byIndex]
    .toSorted(([left], [right]) => left - right)
    .map(([, fields]) => {
      const calls = new Map<string, Record<string, unknown>>();
      for (const [field, value] of fields) {
        const [, index, name] = /^tool_calls\.(\d{1,4})\.(name|id|arguments)$/.exec(field) ?? [];
        if (index !== undefined && name !== undefined) calls.set(index, { ...calls.get(index), [name]: value });
      }
      const message = Object.fromEntries(
        ['role', 'content', 'finish_reason', 'tool_call_id'].map((name) => [name, fields.get(name)]),
      );
      return messageOf(
        { ...message, tool_calls: [...calls.values()] },
        prefix.includes('completion') ? 'assistant' : '',
      );
    });
}

function textOf(value: unknown): string {
  return value === undefined ? '' : attributeText(value);
}

/** The text of a value; JSON is indented. */
function prettyText(value: unknown): string {
  return indentedJson(textOf(value));
}
