import { useState } from 'react';

/** How long a button says that it has copied. */
const thanksMs = 1_500;

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

/** @returns whether it is there */
async function putIntoClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelection(text);
  }
}

/** Where a page came over plain HTTP from another machine, browsers have no clipboard but what is selected. */
function copySelection(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'only-heard';
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  return isCopied;
}
