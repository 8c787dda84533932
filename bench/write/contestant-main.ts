import { countMessages } from '@spandrel/testing/span-sink';
import { Ceiling } from './ceiling.ts';
import type { ContestantPlan, Order, Report } from './contestant.ts';
import { openIngestPath } from './ingest-path.ts';
import { openGrpcSender, openHttpSender, sendUntilTaken } from './otlp-sender.ts';
import { makeRequests, renew, type ResendableRequest } from './request-stream.ts';
import type { RowCounts } from './stored.ts';

const seed = 20_250_101;
const secondNano = 1_000_000_000n;

const plan = JSON.parse(process.argv[2] ?? '') as ContestantPlan;
const requests = makeRequests({
  ...plan.corpus,
  seed,
  startTimeUnixNano: BigInt(plan.corpus.startTimeUnixNano),
  durationNano: (BigInt(plan.corpus.spans) * secondNano) / BigInt(plan.corpus.spansPerSecond),
});
const count = (path: readonly number[]): number =>
  requests.reduce((sum, { body }) => sum + countMessages(body, path), 0);
/** Field numbers from an ExportTraceServiceRequest down: resource_spans, scope_spans, spans; then events and links. */
const rows: RowCounts = { span: count([1, 2, 2]), event: count([1, 2, 2, 11]), link: count([1, 2, 2, 13]) };
const idle: Report = { rows, wallMs: 0, cpuMs: 0, spans: rows.span, requests: requests.length, refused: 0 };

interface Contestant {
  capture(): Promise<void>;
  /** Sends all requests. @returns the number of those that were refused and sent again */
  send(stream: Iterable<ResendableRequest>): Promise<number>;
  close(): Promise<void> | void;
}

async function openContestant(): Promise<Contestant> {
  const { way, databaseUrl, connections, requestsInFlight } = plan;
  if (way.name === 'ceiling') {
    const ceiling = await Ceiling.open(databaseUrl, connections);
    return {
      capture: () => ceiling.capture(),
      send: async () => {
        await ceiling.run();
        return 0;
      },
      close: () => ceiling.close(),
    };
  }
  if (way.name === 'bytes') {
    const path = await openIngestPath({ databaseUrl, connections, ...way });
    return {
      capture: async () => {},
      send: (stream) =>
        inParallel(stream, requestsInFlight, async ({ body }) => {
          await path.ingest(body);
          return 0;
        }),
      close: () => path.close(),
    };
  }
  const sender = way.name === 'http' ? openHttpSender(way.port, requestsInFlight) : openGrpcSender(way.port);
  return {
    capture: async () => {},
    send: (stream) => inParallel(stream, requestsInFlight, (message) => sendUntilTaken(sender, message)),
    close: () => sender.close(),
  };
}

/** Sends requests in a closed loop with a constant number of concurrent ones. */
async function inParallel(
  stream: Iterable<ResendableRequest>,
  concurrency: number,
  send: (message: ResendableRequest) => Promise<number>,
): Promise<number> {
  let refused = 0;
  const waiting = stream[Symbol.iterator]();
  const sendInTurn = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      renew(next.value);
      refused += await send(next.value);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sendInTurn));
  return refused;
}

/** Sends all requests and measures that. */
async function measured(stream: Iterable<ResendableRequest>): Promise<Report> {
  let spans = 0;
  let sent = 0;
  function* counted(): Generator<ResendableRequest, void> {
    for (const message of stream) {
      spans += message.spanCount;
      sent++;
      yield message;
    }
  }
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const refused = await contestant.send(counted());
  const wallMs = performance.now() - before;
  const { user, system } = process.cpuUsage(cpuBefore);
  // The ceiling has the requests in its transactions and reads none from the stream.
  if (sent === 0) [spans, sent] = [rows.span, requests.length];
  return { rows, wallMs, cpuMs: (user + system) / 1000, spans, requests: sent, refused };
}

function* untilOver(seconds: number): Generator<ResendableRequest, void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    for (const message of requests) {
      if (performance.now() >= deadline) return;
      yield message;
    }
  }
}

async function obey(order: Order): Promise<Report | undefined> {
  switch (order.order) {
    case 'capture':
      await contestant.capture();
      return idle;
    case 'run':
      return measured(requests);
    case 'soak':
      return measured(untilOver(order.seconds));
    case 'leave':
      await contestant.close();
      process.disconnect();
      return undefined;
  }
}

const contestant = await openContestant();
// The benchmark has ended, or does not need this process any more.
process.once('disconnect', () => process.exit());
process.on('message', (order) => {
  obey(order as Order).then(
    (report) => report && process.send?.(report),
    (error: unknown) => {
      process.stderr.write(`${plan.way.name}: ${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.send?.(idle);
