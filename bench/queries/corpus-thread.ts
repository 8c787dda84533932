import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads';
import { type CorpusOptions, type CorpusRequest, makeCorpus } from '../corpus/corpus.ts';

/** Requests in one message of the other thread, which generates as many in advance. */
const requestsAtOnce = 64;

interface Work {
  readonly options: CorpusOptions;
  readonly port: MessagePort;
}

/** Generates the corpus on another core, because that costs as much as storing it. The caller owns the bytes. */
export async function* makeCorpusAside(options: CorpusOptions): AsyncGenerator<CorpusRequest, void, undefined> {
  const { port1: port, port2 } = new MessageChannel();
  const work: Work = { options, port: port2 };
  const worker = new Worker(new URL(import.meta.url), { workerData: work, transferList: [port2] });
  const failed = once(worker, 'error').then(([error]) => {
    throw error;
  });
  const ask = async (): Promise<readonly CorpusRequest[]> => {
    const answer = once(port, 'message');
    port.postMessage('more');
    const [requests] = (await Promise.race([answer, failed])) as [readonly CorpusRequest[]];
    return requests;
  };
  try {
    for (let next = ask(); ;) {
      const requests = await next;
      if (requests.length === 0) return;
      next = ask();
      yield* requests;
    }
  } finally {
    failed.catch(() => undefined);
    await worker.terminate();
  }
}

const work = workerData as Work | null;
if (work !== null) {
  const { options, port } = work;
  const corpus = makeCorpus(options);
  port.on('message', () => {
    const requests: CorpusRequest[] = [];
    for (let n = 0; n < requestsAtOnce; n++) {
      const { value } = corpus.next();
      if (value !== undefined) requests.push(value);
    }
    // Transferred, not copied.
    port.postMessage(
      requests,
      requests.map(({ bytes }) => bytes.buffer as ArrayBuffer),
    );
  });
}
