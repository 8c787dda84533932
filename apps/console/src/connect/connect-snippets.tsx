import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { ReceiversResponse } from '../api/types.ts';
import { get } from '../api/client.ts';
import { CopyButton } from '../copy-button.tsx';
import { Failure } from '../failure.tsx';
import { endpointsOf, snippetsFor } from './snippets.ts';
import './connect.css';

/** The addresses to which applications send spans, with snippets to copy for each language. */
export function ConnectSnippets() {
  const id = useId();
  const [selected, select] = useState('environment');
  const receivers = useQuery({
    queryKey: ['receivers'],
    staleTime: Infinity,
    queryFn: ({ signal }) => get<ReceiversResponse>('receivers', signal),
  });
  if (receivers.isError) return <Failure error={receivers.error} retry={() => void receivers.refetch()} />;
  if (receivers.data === undefined) {
    return <div className="skeleton small" role="status" aria-label="Loading addresses" />;
  }
  const { http, grpc } = endpointsOf(receivers.data, location.hostname);
  const snippets = snippetsFor(http);
  const shown = snippets.find((snippet) => snippet.id === selected) ?? snippets[0];
  return (
    <div className="connect">
      <p>
        OTLP over HTTP: <code>{http}</code>
        {grpc !== undefined && (
          <>
            {' '}
            · OTLP over gRPC: <code>{grpc}</code>
          </>
        )}
      </p>
      {receivers.data.isLoopback && receivers.data.otlpHttp.url === null && (
        <p className="quiet">Only applications on the machine of tracestore reach these ports.</p>
      )}
      <fieldset className="row">
        <legend className="visually-hidden">Language</legend>
        {snippets.map((snippet) => (
          <label key={snippet.id} className="connect-choice">
            <input type="radio" name={id} checked={snippet.id === shown?.id} onChange={() => select(snippet.id)} />
            {snippet.title}
          </label>
        ))}
      </fieldset>
      {shown !== undefined && (
        <>
          <p className="quiet">{shown.about}</p>
          <div className="connect-snippet">
            <pre tabIndex={0} role="region" aria-label={`Snippet for ${shown.title}`}>
              {shown.text}
            </pre>
            <CopyButton key={shown.id} text={shown.text} what={`snippet for ${shown.title}`} />
          </div>
        </>
      )}
    </div>
  );
}
