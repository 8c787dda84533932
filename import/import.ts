import { setTimeout as sleep } from 'node:timers/promises';
import { OtlpFileSource } from './files/otlp-file.ts';
import { FigureCounter, type Figures, progressLine } from './figures.ts';
import { JaegerFileSource } from './jaeger/jaeger-file.ts';
import { JaegerServiceSource } from './jaeger/jaeger-service.ts';
import { type ImportOptions, nameOfSource } from './options.ts';
import { OtlpSender } from './otlp-sender.ts';
import { PromscaleSource } from './promscale/promscale-source.ts';
import { type ImportSource, runImport } from './run-import.ts';
import { StateFile, stateFileOf } from './state-file.ts';

/** After a request to stop, requests in flight have this long to be answered. */
const stopMs = 10_000;

export interface ImportResult {
  readonly figures: Figures;
  /** Whether everything was read and answered. */
  readonly isComplete: boolean;
  /** Why not; undefined if the user stopped it. */
  readonly error?: unknown;
}

export interface ImportSurroundings {
  /** The folder in which `.spandrel` is. */
  readonly root: string;
  /** Prints a line of progress. */
  readonly say: (line: string) => void;
  /** How often the progress is printed. */
  readonly progressMs?: number;
  /** Aborted when the user stops the import. */
  readonly stop?: AbortSignal;
}

/** Imports a source. Never rejects: the result has the error, and the figures until then. */
export async function importTraces(options: ImportOptions, surroundings: ImportSurroundings): Promise<ImportResult> {
  const { root, say, progressMs = 5_000, stop = new AbortController().signal } = surroundings;
  const name = nameOfSource(options.source);
  const state = new StateFile(options.stateFile ?? stateFileOf(root, name, options.tracesUrl), name, options.tracesUrl);
  const position = options.restart ? undefined : state.read();
  if (position !== undefined)
    say(`goes on where the last import stopped (${state.file}; --restart starts at the beginning)`);
  const counter = new FigureCounter();
  const cancel = new AbortController();
  const onStop = (): void => {
    void sleep(stopMs, undefined, { ref: false }).then(() => cancel.abort(new Error('stopped')));
  };
  stop.addEventListener('abort', onStop, { once: true });
  let waiting = '';
  const sender = new OtlpSender({
    url: options.tracesUrl,
    headers: options.headers,
    giveUpMs: options.giveUpMs,
    signal: cancel.signal,
    onWait: (reason) => (waiting = `; tracestore is busy: ${reason}`),
  });
  const source = sourceOf(options, counter, cancel.signal);
  const progress = setInterval(() => {
    say(`${source.place}: ${progressLine(counter.figures())}${waiting}`);
    waiting = '';
  }, progressMs);
  let isComplete = false;
  let error: unknown;
  try {
    isComplete = await runImport({
      source,
      sender,
      counter,
      position,
      onAnswered: (reached) => state.save(reached),
      stop,
    });
  } catch (cause) {
    if (!stop.aborted) error = cause;
  } finally {
    clearInterval(progress);
    stop.removeEventListener('abort', onStop);
  }
  if (isComplete) state.remove();
  else state.flush();
  return { figures: counter.figures(), isComplete, ...(error !== undefined && { error }) };
}

function sourceOf(options: ImportOptions, counter: FigureCounter, signal: AbortSignal): ImportSource {
  const { source, fromMs, untilMs, services, pageTraces, jaegerToken } = options;
  switch (source.is) {
    case 'promscale':
      return new PromscaleSource({ url: source.url, fromMs, untilMs, counter });
    case 'jaeger-service':
      return new JaegerServiceSource({
        url: source.url,
        ...(jaegerToken !== undefined && { token: jaegerToken }),
        fromMs,
        untilMs,
        services,
        pageTraces,
        counter,
        signal,
      });
    case 'jaeger-files':
      return new JaegerFileSource(source.files);
    case 'otlp-files':
      return new OtlpFileSource(source.files);
  }
}
