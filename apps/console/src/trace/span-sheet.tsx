import { type PointerEvent, type ReactNode, useEffect, useRef } from 'react';

/** A swipe down of this length at the top of the sheet closes it. */
const swipePx = 80;

/** A modal sheet at the bottom of a phone's screen. Escape, the close button of its content, and a swipe down close it. */
export function SpanSheet({ onClose, children }: { readonly onClose: () => void; readonly children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const swipeFrom = useRef<number>(undefined);
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return undefined;
    if (!element.open) element.showModal();
    // The browser gives the focus back to where it was.
    return () => element.close();
  }, []);
  const onPointerUp = (event: PointerEvent): void => {
    const from = swipeFrom.current;
    swipeFrom.current = undefined;
    if (from !== undefined && event.clientY - from > swipePx) onClose();
  };
  return (
    <dialog
      ref={dialog}
      className="span-sheet"
      aria-label="Span"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // A click on the backdrop has the dialog as its target.
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div
        className="sheet-handle"
        aria-hidden="true"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          swipeFrom.current = event.clientY;
        }}
        onPointerUp={onPointerUp}
        onPointerCancel={() => {
          swipeFrom.current = undefined;
        }}
      />
      {children}
    </dialog>
  );
}
