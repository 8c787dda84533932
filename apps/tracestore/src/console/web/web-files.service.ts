import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';

/** The content codings of the built files, the smallest first. */
export const encodings = ['br', 'gzip'] as const;
export type Encoding = (typeof encodings)[number];

const extensions: Readonly<Record<Encoding, string>> = { br: '.br', gzip: '.gz' };

export interface WebFile {
  /** The content type. */
  readonly type: string;
  /** A hash of the content: builds may give all files the same time. */
  readonly etag: string;
  readonly bytes: Buffer;
  /** The same content in the codings that the build has written. */
  readonly encoded: ReadonlyMap<Encoding, Buffer>;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The files of the built console. They are read once, at start, and served from memory: about 4 MB. No request can read
 * another file.
 */
@Injectable()
export class WebFilesService {
  private readonly files: ReadonlyMap<string, WebFile>;

  constructor(@Inject(TRACESTORE_CONFIG) { console: { webFolder } }: Pick<TracestoreConfig, 'console'>) {
    this.files = readFiles(webFolder);
    if (this.files.size === 0) new Logger(WebFilesService.name).warn(`The console is not built: ${webFolder} is empty`);
  }

  /** @param name relative to the folder, with forward slashes. @returns undefined if there is no such file */
  find(name: string): WebFile | undefined {
    return this.files.get(name);
  }
}

function readFiles(folder: string): ReadonlyMap<string, WebFile> {
  const names = namesIn(folder);
  const present = new Set(names);
  const read = (name: string): Buffer => readFileSync(path.join(folder, name));
  return new Map(
    names.flatMap((name) => {
      const type = types[path.extname(name)];
      if (type === undefined) return [];
      const bytes = read(name);
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
      const encoded = new Map(
        encodings
          .filter((encoding) => present.has(name + extensions[encoding]))
          .map((encoding) => [encoding, read(name + extensions[encoding])]),
      );
      return [[name.replaceAll(path.sep, '/'), { type, etag, bytes, encoded }]];
    }),
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    // Tests run tracestore from its sources, without the console.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
