import { useTraceProblems } from './trace-problems.ts';

/** A mark in the row of a span that has a problem. */
export function ProblemMark({ spanId }: { readonly spanId: string }) {
  const text = useTraceProblems().marks.get(spanId);
  if (text === undefined) return undefined;
  return (
    <>
      <span className="problem-mark" title={text} aria-hidden="true">
        ⚠
      </span>
      <span className="visually-hidden">{text}</span>
    </>
  );
}
