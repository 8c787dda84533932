import { type FormEvent, useId, useRef, useState } from 'react';
import { useLocation } from 'wouter';

/** Asks for another trace, and goes to where both stand side by side. */
export function CompareForm({ traceId }: { readonly traceId: string }) {
  const [, navigate] = useLocation();
  const [isWrong, setWrong] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    // The address of a trace does as well.
    const [other] = /[\da-f]{32}/i.exec(String(new FormData(event.currentTarget).get('other') ?? '')) ?? [];
    setWrong(other === undefined);
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
            Its id or its address
            <input
              name="other"
              size={40}
              autoComplete="off"
              required
              aria-invalid={isWrong}
              aria-describedby={isWrong ? `${id}-wrong` : undefined}
            />
          </label>
          {isWrong && (
            <p id={`${id}-wrong`} role="alert" className="bad">
              An id has 32 hex digits.
            </p>
          )}
          <p className="quiet">Two traces of a search can be compared from its list, too.</p>
          <div className="row">
            <button type="submit" className="primary">
              Compare
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Close
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
