import { useState } from 'react';
import { putIntoClipboard, thanksMs } from './clipboard.ts';

/** Puts a text into the clipboard. @param what it is, for who listens: `Copy the trace id` */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [state, setState] = useState<'ready' | 'copied' | 'refused'>('ready');
  const copy = async (): Promise<void> => {
    setState((await putIntoClipboard(text)) ? 'copied' : 'refused');
    setTimeout(() => setState('ready'), thanksMs);
  };
  return (
    <button
      type="button"
      className={`copy ${state}`}
      aria-label={`Copy ${what}`}
      title={state === 'refused' ? 'The browser does not allow it' : `Copy ${what}`}
      onClick={() => void copy()}
    >
      {state === 'ready' ? (
        <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
          <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />
        </svg>
      ) : (
        <span aria-hidden="true">{state === 'copied' ? '✓' : '✗'}</span>
      )}
      <span className="only-heard" role="status">
        {state === 'copied' ? 'Copied' : ''}
      </span>
    </button>
  );
}
