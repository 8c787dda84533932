import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';

/** How a browser may take a file, best first. */
export const encodings = ['br', 'gzip', 'identity'] as const;
export type Encoding = (typeof encodings)[number];

export interface WebFile {
  readonly type: string;
  readonly etag: string;
  /** Compressed when it is first asked for, and kept: some of what is there hardly anybody asks for. */
  readonly bytes: (encoding: Encoding) => Buffer;
}

/** Nearly as small as at 11, in a tenth of the time. */
const brotliQuality = 9;

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The files of the built console: read once, at start, and served from memory. They are few and small, and nothing else of
 * the disk can be asked for.
 */
@Injectable()
export class WebFilesService {
  private readonly files: ReadonlyMap<string, WebFile>;

  constructor(@Inject(TRACESTORE_CONFIG) { console: { webFolder } }: Pick<TracestoreConfig, 'console'>) {
    this.files = readFiles(webFolder);
    if (this.files.size === 0)
      new Logger(WebFilesService.name).warn(`The console is not built: nothing in ${webFolder}`);
  }

  /** @param name relative to the folder, with forward slashes; undefined when there is no such file */
  find(name: string): WebFile | undefined {
    return this.files.get(name);
  }
}

function readFiles(folder: string): ReadonlyMap<string, WebFile> {
  return new Map(
    namesIn(folder).flatMap((name) => {
      const type = types[path.extname(name)];
      if (type === undefined) return [];
      const identity = readFileSync(path.join(folder, name));
      const etag = `"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`;
      return [[name.replaceAll(path.sep, '/'), { type, etag, bytes: compressing(identity) }]];
    }),
  );
}

function compressing(identity: Buffer): WebFile['bytes'] {
  const compressed = new Map<Encoding, Buffer>([['identity', identity]]);
  return (encoding) => {
    const known = compressed.get(encoding);
    if (known !== undefined) return known;
    const bytes =
      encoding === 'gzip'
        ? gzipSync(identity)
        : brotliCompressSync(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality } });
    compressed.set(encoding, bytes);
    return bytes;
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    // A store from its sources, as tests run it, has none.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
