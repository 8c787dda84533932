import './gen-ai.css';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { GenAiSpan } from '../../api/types.ts';
import { CopyButton } from '../../copy-button.tsx';
import { Failure } from '../../failure.tsx';
import { formatDuration } from '../../format/duration.ts';
import { counted, formatNumber } from '../../format/number.ts';
import { Loading } from '../../loading.tsx';
import { serviceColour } from '../../service-colour.ts';
import { failedStatus } from '../trace-filter.ts';
import type { TraceModel } from '../trace-model.ts';
import type { TraceSource } from '../trace-source.ts';
import { type GenAiSummary, genAiSummaryOf, tokensText } from './gen-ai-spans.ts';
import { type Conversation, conversationOf, type Message, type MessagePart } from './messages.ts';

/** Rendered at first, and added by each click. */
const spansPerPage = 50;
const messagesPerSpan = 100;
/** Longer texts are folded. */
const maxTextLength = 2_000;

interface Entry {
  /** Index in the trace. */
  readonly span: number;
  readonly summary: GenAiSummary;
  readonly conversation: Conversation;
  /** Input messages that an earlier span of the trace has shown. */
  readonly knownMessages: number;
}

/** The calls of models, agents and tools of a trace, with their messages, in the order of their starts. Content is text only. */
export function ConversationView(props: {
  readonly model: TraceModel;
  readonly source: TraceSource;
  /** -1 for none. */
  readonly selected: number;
  readonly onSelect: (span: number) => void;
}) {
  const { model, source, selected, onSelect } = props;
  const queryKey = ['gen-ai', source.key, 'content'];
  const content = useQuery({
    queryKey,
    queryFn: ({ signal }) => source.genAi(true, signal),
    staleTime: Infinity,
  });
  const entries = useMemo(() => entriesOf(model, content.data?.spans ?? []), [model, content.data]);
  const [shownCount, setShownCount] = useState(spansPerPage);
  const selectedEntry = entries.findIndex(({ span }) => span === selected);
  const shown = entries.slice(0, Math.max(shownCount, selectedEntry + 1));
  if (content.isPending) {
    return (
      <Loading
        what="Loading conversation"
        queryKey={queryKey}
        isFetching={content.isFetching}
        retry={() => void content.refetch()}
      />
    );
  }
  if (content.isError) return <Failure error={content.error} retry={() => void content.refetch()} />;
  return (
    <div className="conversation" tabIndex={0} role="region" aria-label="Conversation">
      {shown.map((entry) => (
        <SpanEntry
          key={entry.span}
          model={model}
          entry={entry}
          isSelected={entry.span === selected}
          onSelect={onSelect}
        />
      ))}
      {entries.length > shown.length && (
        <button type="button" onClick={() => setShownCount(shown.length + spansPerPage)}>
          Show {formatNumber(Math.min(spansPerPage, entries.length - shown.length))} more of{' '}
          {formatNumber(entries.length)} spans
        </button>
      )}
      {content.data.isCut && (
        <p className="quiet">The trace has more content than is shown here. Spans have all of it in their details.</p>
      )}
      {entries.length === 0 && <p className="quiet">No span of this trace has gen_ai attributes.</p>}
    </div>
  );
}

function entriesOf(model: TraceModel, spans: readonly GenAiSpan[]): readonly Entry[] {
  const { id } = model.waterfall.spans;
  const byId = new Map<string, number>();
  for (const [span, each] of id.entries()) if (!byId.has(each)) byId.set(each, span);
  const seen = new Set<string>();
  return spans.flatMap((genAi): readonly Entry[] => {
    const span = byId.get(genAi.spanId);
    if (span === undefined) return [];
    const conversation = conversationOf(genAi);
    const texts = conversation.input.map(identityOf);
    const firstNew = texts.findIndex((text) => !seen.has(text));
    for (const text of [...texts, ...conversation.output.map(identityOf)]) seen.add(text);
    // A call that only repeats messages is shown whole.
    return [{ span, summary: genAiSummaryOf(genAi.attributes), conversation, knownMessages: Math.max(firstNew, 0) }];
  });
}

/** The answer of a call returns as input of the next one, without the reason for its end. */
function identityOf({ role, parts }: Message): string {
  return JSON.stringify([role, parts]);
}

function SpanEntry(props: {
  readonly model: TraceModel;
  readonly entry: Entry;
  readonly isSelected: boolean;
  readonly onSelect: (span: number) => void;
}) {
  const { model, entry, isSelected, onSelect } = props;
  const { summary, conversation, span, knownMessages } = entry;
  const { spans, operations } = model.waterfall;
  const [service, name] = operations[spans.operation[span] ?? 0] ?? ['', ''];
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isSelected) element.current?.scrollIntoView({ block: 'nearest' });
  }, [isSelected]);
  const known = conversation.input.slice(0, knownMessages);
  return (
    <article ref={element} className={isSelected ? 'gen-ai-span selected' : 'gen-ai-span'}>
      <header className="row">
        <button type="button" onClick={() => onSelect(span)} aria-pressed={isSelected}>
          <span className={`dot ${serviceColour(service)}`} aria-hidden="true" /> <bdi>{service}</bdi>:{' '}
          <bdi>{name}</bdi>
        </button>
        <Detail name="Operation" value={summary.operation} />
        <Detail name="Model" value={summary.model} />
        <Detail name={summary.operation === 'execute_tool' ? 'Tool' : 'Agent'} value={summary.subject} />
        <Detail name="Tokens" value={tokensText(summary)} />
        <Detail name="Duration" value={formatDuration(spans.durationNs[span] ?? 0)} />
        <Detail name="Finish reason" value={summary.finishReasons.join(', ')} />
        {spans.status[span] === failedStatus && <span className="bad">failed</span>}
      </header>
      {conversation.isTruncated && <p className="quiet">The content is incomplete: its end is missing.</p>}
      {conversation.instructions.length > 0 && (
        <MessageBox
          message={{ role: 'instructions', parts: conversation.instructions, finishReason: '' }}
          direction="input"
        />
      )}
      {known.length > 0 && (
        <details>
          <summary>{counted(known.length, 'earlier message')}</summary>
          <Messages messages={known} direction="input" />
        </details>
      )}
      <Messages messages={conversation.input.slice(knownMessages)} direction="input" />
      <Messages messages={conversation.output} direction="output" />
      {conversation.tool !== undefined && (
        <MessageBox
          message={{
            role: 'tool',
            parts: [
              { kind: 'toolCall', name: summary.subject, id: '', text: conversation.tool.arguments },
              { kind: 'toolResult', id: '', text: conversation.tool.result },
            ],
            finishReason: '',
          }}
          direction="output"
        />
      )}
      {conversation.unread.map(([key, text], n) => (
        <MessageBox
          key={n}
          message={{ role: key, parts: [{ kind: 'text', text }], finishReason: '' }}
          direction="input"
        />
      ))}
      {isEmpty(conversation) && <p className="quiet">The sender did not record messages.</p>}
    </article>
  );
}

function isEmpty({ instructions, input, output, tool, unread }: Conversation): boolean {
  return instructions.length + input.length + output.length + unread.length === 0 && tool === undefined;
}

function Detail({ name, value }: { readonly name: string; readonly value: string }) {
  if (value === '') return undefined;
  return (
    <span>
      <span className="quiet">{name}</span> <bdi>{value}</bdi>
    </span>
  );
}

function Messages(props: { readonly messages: readonly Message[]; readonly direction: 'input' | 'output' }) {
  const { messages, direction } = props;
  const hidden = Math.max(0, messages.length - messagesPerSpan);
  return (
    <>
      {hidden > 0 && (
        <p className="quiet">{formatNumber(hidden)} messages are not shown here. The details of the span have them.</p>
      )}
      {messages.slice(hidden).map((message, n) => (
        <MessageBox key={n} message={message} direction={direction} />
      ))}
    </>
  );
}

function MessageBox({ message, direction }: { readonly message: Message; readonly direction: 'input' | 'output' }) {
  const { role, parts, finishReason } = message;
  return (
    <div className={`message ${direction}`}>
      <div className="row spread">
        <strong>
          <bdi>{role === '' ? direction : role.slice(0, 100)}</bdi>
        </strong>
        {finishReason !== '' && <span className="quiet">{finishReason.slice(0, 100)}</span>}
      </div>
      {parts.map((part, n) => (
        <Part key={n} part={part} />
      ))}
      {parts.length === 0 && <p className="quiet">Empty message</p>}
    </div>
  );
}

function Part({ part }: { readonly part: MessagePart }) {
  switch (part.kind) {
    case 'text':
      return <FoldedText text={part.text} />;
    case 'reasoning':
      return (
        <details>
          <summary>Reasoning</summary>
          <FoldedText text={part.text} />
        </details>
      );
    case 'toolCall':
      return (
        <div className="tool">
          <span className="quiet">Call</span> <bdi className="code">{part.name}</bdi>{' '}
          {part.id !== '' && <bdi className="quiet code">{part.id.slice(0, 100)}</bdi>}
          {part.text !== '' && <FoldedText text={part.text} isCode />}
        </div>
      );
    case 'toolResult':
      return (
        <div className="tool">
          <span className="quiet">Result</span>{' '}
          {part.id !== '' && <bdi className="quiet code">{part.id.slice(0, 100)}</bdi>}
          <FoldedText text={part.text} isCode />
        </div>
      );
    case 'other':
      return (
        <details>
          <summary>
            <bdi>{part.label === '' ? 'Other content' : part.label}</bdi>
          </summary>
          <FoldedText text={part.text} isCode />
        </details>
      );
  }
}

/** A text with its line breaks, folded if it is long. */
function FoldedText({ text, isCode = false }: { readonly text: string; readonly isCode?: boolean }) {
  const className = isCode ? 'message-text code' : 'message-text';
  return (
    <div className={className}>
      {text.length <= maxTextLength ? (
        <bdi>{text}</bdi>
      ) : (
        <details>
          <summary>
            <bdi>{text.slice(0, maxTextLength / 4)}</bdi>… {formatNumber(text.length)} characters
          </summary>
          <bdi>{text}</bdi>
        </details>
      )}
      {text !== '' && <CopyButton text={text} what={isCode ? 'value' : 'message'} />}
    </div>
  );
}
