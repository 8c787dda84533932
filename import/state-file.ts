import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const stateSchema = z.strictObject({
  version: z.literal(1),
  source: z.string(),
  to: z.string(),
  position: z.unknown(),
});

/**
 * Where an interrupted import goes on. The file exists only while an import is not complete. Everything before the position
 * has an answer of tracestore; what follows may have one, too, and is then found in the ledger.
 */
export class StateFile {
  private lastSavedMs = -Infinity;
  private position: unknown;

  readonly file: string;
  private readonly source: string;
  private readonly to: string;

  /**
   * @param file its path
   * @param source what is imported, without passwords
   * @param to the URL that it is sent to
   */
  constructor(file: string, source: string, to: string) {
    this.file = file;
    this.source = source;
    this.to = to;
  }

  /** The position of an interrupted import of the same source to the same store; undefined if there is none. */
  read(): unknown {
    try {
      const { source, to, position } = stateSchema.parse(JSON.parse(readFileSync(this.file, 'utf8')));
      return source === this.source && to === this.to ? position : undefined;
    } catch {
      return undefined;
    }
  }

  /** Remembers a position. It is written once in a second. */
  save(position: unknown): void {
    this.position = position;
    if (performance.now() - this.lastSavedMs >= 1_000) this.flush();
  }

  /** Writes the position that was remembered last. */
  flush(): void {
    if (this.position === undefined) return;
    this.lastSavedMs = performance.now();
    const state: z.infer<typeof stateSchema> = {
      version: 1,
      source: this.source,
      to: this.to,
      position: this.position,
    };
    mkdirSync(path.dirname(this.file), { recursive: true });
    writeFileSync(`${this.file}.partial`, JSON.stringify(state));
    renameSync(`${this.file}.partial`, this.file);
  }

  /** The import is complete. */
  remove(): void {
    rmSync(this.file, { force: true });
  }
}

/** The default path of the state of an import. */
export function stateFileOf(root: string, source: string, to: string): string {
  const name = createHash('sha256').update(`${source}\n${to}`).digest('hex').slice(0, 16);
  return path.join(root, '.spandrel', 'import', `${name}.json`);
}
