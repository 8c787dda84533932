import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { TitledError } from '../api/client.ts';
import { Failure } from '../failure.tsx';

/** Larger files could exceed the memory of a browser tab. */
const maxFileBytes = 256 * 1024 * 1024;

/** Opens files with traces that are dropped anywhere on the page. */
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
          Drop a file with traces (OTLP, Jaeger or Zipkin JSON) to open it. It is not stored.
        </div>
      )}
      <OpenFileError failure={failure} onDismiss={dismiss} />
    </>
  );
}

/** A button that opens a file with traces. */
export function OpenFileButton() {
  const { open, failure, dismiss } = useOpenFile();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        title="Open traces from a file: OTLP, Jaeger or Zipkin JSON. You can also drop the file on the page."
        onClick={() => input.current?.click()}
      >
        Open file…
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File with traces"
        accept=".json,.jsonl,.ndjson,application/json"
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          if (file !== undefined) void open(file);
          // Reset the input, so that the same file can be opened again.
          target.value = '';
        }}
      />
      <OpenFileError failure={failure} onDismiss={dismiss} />
    </>
  );
}

function OpenFileError({
  failure,
  onDismiss,
}: {
  readonly failure: Error | undefined;
  readonly onDismiss: () => void;
}): ReactNode {
  if (failure === undefined) return undefined;
  return (
    <div className="file-error">
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
      if (file.size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes / 1024 / 1024} MiB`);
      // Load the parser only when a file is opened.
      const [{ readTraceFile }, { setOpenedFile }] = await Promise.all([
        import('./trace-file.ts'),
        import('./opened-file.ts'),
      ]);
      setOpenedFile({ name: file.name, traces: readTraceFile(await file.text()) });
      setFailure(undefined);
      navigate('/trace/file');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      setFailure(
        new TitledError(`Cannot open ${file.name}`, `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`),
      );
    }
  };
  return { open, failure, dismiss: () => setFailure(undefined) };
}
