/** The findings of a run. Each kind has a count, its first request, and the command that repeats it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FuzzRequest } from './requests.ts';

/** One kind of violation. */
export interface Finding {
  readonly kind: string;
  count: number;
  /** Of the first occurrence. */
  readonly detail: string;
  readonly title: string;
  /** The command line that repeats its first request; empty without a single cause. */
  readonly reproduction: string;
  /** The file with the bytes of that request. */
  readonly file: string;
}

const maxDetailLength = 400;
const maxFileBytes = 4 * 1024 * 1024;

export class Findings {
  readonly #folder: string;
  readonly #reproduce: (index: number) => string;
  readonly #found = new Map<string, Finding>();

  /**
   * @param folder for the bytes of requests
   * @param reproduce returns the command line that repeats a request
   */
  constructor(folder: string, reproduce: (index: number) => string) {
    this.#folder = folder;
    this.#reproduce = reproduce;
  }

  /** All findings, most frequent first. */
  get all(): readonly Finding[] {
    return [...this.#found.values()].toSorted((left, right) => right.count - left.count);
  }

  /** Adds an occurrence. @returns whether it is the first of its kind */
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
