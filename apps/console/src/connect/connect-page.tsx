import { useEffect } from 'react';
import { Link } from 'wouter';
import { ConnectSnippets } from './connect-snippets.tsx';

/** How applications send their spans to this store. */
export function ConnectPage() {
  useEffect(() => {
    document.title = 'Send traces · Spandrel';
  }, []);
  return (
    <section className="notice">
      <h1>Send traces</h1>
      <p>Any OpenTelemetry SDK or Collector can send spans to this store, with OTLP.</p>
      <ConnectSnippets />
      <p>
        <Link href="/search?range=all&tail=1">Search</Link> shows new traces immediately, the overview after about ten
        seconds.
      </p>
    </section>
  );
}
