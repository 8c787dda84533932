/** What a run has found, each kind once: with its count, its first request, and how that is made again. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FuzzRequest } from './requests.ts';

/** One kind of fault. */
export interface Finding {
  readonly kind: string;
  count: number;
  /** Of the first of the kind. */
  readonly detail: string;
  readonly title: string;
  /** The command line that sends its first request again; empty where it is no single request's. */
  readonly reproduction: string;
  /** The bytes of that request. */
  readonly file: string;
}

const maxDetailLength = 400;
const maxFileBytes = 4 * 1024 * 1024;

export class Findings {
  readonly #folder: string;
  readonly #reproduce: (index: number) => string;
  readonly #found = new Map<string, Finding>();

  /**
   * @param folder where bytes are written to
   * @param reproduce the command line that sends a request again
   */
  constructor(folder: string, reproduce: (index: number) => string) {
    this.#folder = folder;
    this.#reproduce = reproduce;
  }

  /** The most frequent first. */
  get all(): readonly Finding[] {
    return [...this.#found.values()].toSorted((left, right) => right.count - left.count);
  }

  /** @returns whether it is the first of its kind */
  add(kind: string, detail: string, index?: number, request?: FuzzRequest): boolean {
    const known = this.#found.get(kind);
    if (known !== undefined) {
      known.count++;
      return false;
    }
    this.#found.set(kind, {
      kind,
      count: 1,
      detail: detail.slice(0, maxDetailLength),
      title: request?.title.slice(0, maxDetailLength) ?? '',
      reproduction: index === undefined ? '' : this.#reproduce(index),
      file: index === undefined || request === undefined ? '' : this.#write(index, request),
    });
    return true;
  }

  #write(index: number, { send }: FuzzRequest): string {
    mkdirSync(this.#folder, { recursive: true });
    const file = path.join(this.#folder, `${index}.bin`);
    const head = send.kind === 'grpc' ? Buffer.from(`${JSON.stringify(send.headers)}\n`) : Buffer.from('');
    writeFileSync(file, Buffer.concat([head, ...send.pieces]).subarray(0, maxFileBytes));
    return file;
  }
}
