import { Component, type ReactNode } from 'react';
import { PageCodeError, PageUnavailable } from './connection/page-unavailable.tsx';
import { Failure } from './failure.tsx';

interface State {
  readonly error: Error | undefined;
}

/** Shows an error in place of a page whose script failed. */
export class PageBoundary extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    if (error instanceof PageCodeError) return <PageUnavailable />;
    return (
      <section className="notice">
        <h1>This page could not be shown</h1>
        <Failure error={error} retry={() => location.reload()} />
      </section>
    );
  }
}
