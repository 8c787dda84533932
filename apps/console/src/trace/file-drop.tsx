import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { Failure } from '../failure.tsx';

/** A larger one would take the browser more memory than a page gets. */
const maxFileBytes = 256 * 1024 * 1024;

/** Takes files of OTLP/JSON that are dropped anywhere on the page, and shows their traces. */
export function FileDrop() {
  const { open, failure, dismiss } = useOpenFile();
  const [isOver, setOver] = useState(false);
  const onDrag = useEffectEvent((event: DragEvent): void => {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    setOver(event.type === 'dragover');
    if (event.type !== 'drop') return;
    const [file] = event.dataTransfer.files;
    if (file !== undefined) void open(file);
  });
  useEffect(() => {
    const listener = (event: DragEvent): void => onDrag(event);
    const types = ['dragover', 'dragleave', 'drop'] as const;
    for (const type of types) addEventListener(type, listener);
    return () => {
      for (const type of types) removeEventListener(type, listener);
    };
  }, []);
  return (
    <>
      {isOver && (
        <div className="file-drop" aria-hidden="true">
          A file of OTLP/JSON is shown, not stored
        </div>
      )}
      <Refused failure={failure} onDismiss={dismiss} />
    </>
  );
}

/** The same for the keyboard. */
export function OpenFileButton() {
  const { open, failure, dismiss } = useOpenFile();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        title="Show traces of a file of OTLP/JSON; it can be dropped on the page, too"
        onClick={() => input.current?.click()}
      >
        Open OTLP JSON…
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File of OTLP/JSON"
        accept=".json,.jsonl,.ndjson,application/json"
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          if (file !== undefined) void open(file);
          // The same file again is a change, too.
          target.value = '';
        }}
      />
      <Refused failure={failure} onDismiss={dismiss} />
    </>
  );
}

function Refused({
  failure,
  onDismiss,
}: {
  readonly failure: Error | undefined;
  readonly onDismiss: () => void;
}): ReactNode {
  if (failure === undefined) return undefined;
  return (
    <div className="file-refused">
      <Failure error={failure} />
      <button type="button" onClick={onDismiss}>
        Close
      </button>
    </div>
  );
}

function useOpenFile() {
  const [, navigate] = useLocation();
  const [failure, setFailure] = useState<Error>();
  const open = async (file: File): Promise<void> => {
    try {
      if (file.size > maxFileBytes) throw new Error(`It is larger than ${maxFileBytes / 1024 / 1024} MiB`);
      // What reads files is loaded when there is one.
      const [{ readOtlpFile }, { setOpenedFile }] = await Promise.all([
        import('./otlp-file.ts'),
        import('./opened-file.ts'),
      ]);
      setOpenedFile({ name: file.name, traces: readOtlpFile(await file.text()) });
      setFailure(undefined);
      navigate('/trace/file');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      setFailure(new Error(`${file.name} was not opened. ${message}.`));
    }
  };
  return { open, failure, dismiss: () => setFailure(undefined) };
}
