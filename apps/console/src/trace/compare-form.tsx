import { type FormEvent, useId, useRef, useState } from 'react';
import { useLocation } from 'wouter';

/** A dialog that asks for another trace and opens the comparison. */
export function CompareForm({ traceId }: { readonly traceId: string }) {
  const [, navigate] = useLocation();
  const [isInvalid, setInvalid] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    // The input may also be the URL of a trace.
    const [other] = /[\da-f]{32}/i.exec(String(new FormData(event.currentTarget).get('other') ?? '')) ?? [];
    setInvalid(other === undefined);
    if (other !== undefined) navigate(`/compare/${traceId}/${other.toLowerCase()}`);
  };
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Compare…
      </button>
      <dialog ref={dialog} aria-labelledby={`${id}-title`}>
        <form onSubmit={submit}>
          <h2 id={`${id}-title`}>Compare with another trace</h2>
          <label>
            Trace ID or URL
            <input
              name="other"
              size={40}
              autoComplete="off"
              required
              aria-invalid={isInvalid}
              aria-describedby={isInvalid ? `${id}-error` : undefined}
            />
          </label>
          {isInvalid && (
            <p id={`${id}-error`} role="alert" className="bad">
              A trace ID has 32 hex digits.
            </p>
          )}
          <p className="quiet">You can also select two traces in the search results.</p>
          <div className="row">
            <button type="submit" className="primary">
              Compare
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
