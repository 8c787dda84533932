import { Component, type ReactNode } from 'react';
import { Failure } from './failure.tsx';

interface State {
  readonly error: Error | undefined;
}

/** What a page says when its script failed or could not be loaded; the frame around it stays. */
export class PageBoundary extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <section className="notice">
        <h1>The page does not work</h1>
        {/* After an update of tracestore, what this page would load is there no more: a reload gets the new one. */}
        <Failure error={error} retry={() => location.reload()} />
      </section>
    );
  }
}
