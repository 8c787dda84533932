import { useState } from 'react';
import { copiedShownMs, copyText } from './clipboard.ts';

/** A button that copies a text. @param what completes the label: `Copy trace ID` */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [state, setState] = useState<'ready' | 'copied' | 'failed'>('ready');
  const copy = async (): Promise<void> => {
    setState((await copyText(text)) ? 'copied' : 'failed');
    setTimeout(() => setState('ready'), copiedShownMs);
  };
  return (
    <button
      type="button"
      className={`copy ${state}`}
      aria-label={`Copy ${what}`}
      title={state === 'failed' ? 'The browser does not allow copying' : `Copy ${what}`}
      onClick={() => void copy()}
    >
      {state === 'ready' ? (
        <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
          <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />
        </svg>
      ) : (
        <span aria-hidden="true">{state === 'copied' ? '✓' : '✗'}</span>
      )}
      <span className="visually-hidden" role="status">
        {state === 'copied' ? 'Copied' : ''}
      </span>
    </button>
  );
}
