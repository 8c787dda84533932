import { TraceFileError } from '@spandrel/trace-files';

/** A part of a file: a document, or one element of the list of a document that is too large to be read at once. */
export interface JsonRecord {
  readonly is: 'document' | 'element';
  readonly text: string;
}

export interface JsonRecordOptions {
  /** The member that holds the list, such as `data` or `resourceSpans`, at the top or in objects alone. */
  readonly listName: string;
  /** A document up to this size is one record. Of a larger one, each element of its list is. */
  readonly maxDocumentBytes: number;
  readonly maxElementBytes: number;
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Splits a stream of JSON documents, one after the other or one a line, without holding more than one record. A document may
 * also be a list itself.
 *
 * @throws TraceFileError if it is not JSON, ends within a document, or a record is too large
 */
export async function* readJsonRecords(
  chunks: AsyncIterable<Buffer>,
  options: JsonRecordOptions,
): AsyncGenerator<JsonRecord> {
  const scanner = new Scanner(options);
  for await (const chunk of chunks) yield* scanner.scan(chunk);
  scanner.end();
}

/**
 * Follows the brackets and strings of JSON. It does not check the rest: whoever parses a record does. Offsets count from the
 * beginning of the stream.
 */
class Scanner {
  private readonly kept = new KeptBytes();
  /** The open brackets, outermost first. */
  private readonly open: number[] = [];
  private isInString = false;
  private isEscaped = false;
  private stringStart = 0;
  private offset = 0;
  /** Where the text that is kept begins: a document, or an element. */
  private recordStart = -1;
  /** How many brackets are open within the list; 0 outside of one. */
  private listDepth = 0;
  private elementStart = -1;
  /** Elements that ended while their document may still be one record. */
  private readonly ended: [start: number, end: number][] = [];
  private isSplit = false;
  private lastKey = '';

  private readonly options: JsonRecordOptions;

  constructor(options: JsonRecordOptions) {
    this.options = options;
  }

  *scan(chunk: Buffer): Generator<JsonRecord> {
    this.kept.append(chunk, this.offset);
    for (const byte of chunk) {
      if (this.isInString) this.takeInString(byte);
      // Most bytes are neither in a string nor structural.
      else if (isStructural(byte) || this.open.length === 0) yield* this.take(byte);
      this.offset += 1;
    }
    yield* this.bound();
  }

  /** @throws TraceFileError if a document is open */
  end(): void {
    if (this.open.length > 0) throw new TraceFileError('the file ends within a JSON document: it is not complete');
  }

  /** @param byte outside of strings */
  private *take(byte: number): Generator<JsonRecord> {
    switch (byte) {
      case quote:
        if (this.open.length === 0) throw this.unexpected(byte);
        this.isInString = true;
        this.stringStart = this.offset + 1;
        return;
      case openBrace:
      case openBracket:
        this.takeOpening(byte);
        return;
      case closeBrace:
      case closeBracket:
        yield* this.takeClosing(byte);
        return;
      default:
        // A byte order mark may begin the file.
        if (this.open.length === 0 && byte > 0x20 && this.offset > 2) throw this.unexpected(byte);
    }
  }

  private takeInString(byte: number): void {
    if (this.isEscaped) this.isEscaped = false;
    else if (byte === backslash) this.isEscaped = true;
    else if (byte === quote) {
      this.isInString = false;
      // The name of a member can only be that of the list before the list was found.
      if (this.listDepth === 0 && this.offset - this.stringStart === this.options.listName.length) {
        this.lastKey = this.kept.text(this.stringStart, this.offset);
      } else this.lastKey = '';
    }
  }

  private takeOpening(byte: number): void {
    if (this.open.length === 0) {
      this.recordStart = this.offset;
      this.kept.dropBefore(this.offset);
    }
    const isInObjects = this.open.every((bracket) => bracket === openBrace);
    if (this.listDepth > 0 && this.open.length === this.listDepth) {
      this.elementStart = this.offset;
      if (this.isSplit) this.kept.dropBefore(this.offset);
    }
    this.open.push(byte);
    if (byte === openBracket && this.listDepth === 0 && isInObjects) {
      if (this.open.length === 1 || this.lastKey === this.options.listName) this.listDepth = this.open.length;
    }
    this.lastKey = '';
  }

  private *takeClosing(byte: number): Generator<JsonRecord> {
    const opening = this.open.pop();
    if (opening !== (byte === closeBrace ? openBrace : openBracket)) throw this.unexpected(byte);
    const end = this.offset + 1;
    if (this.listDepth > 0 && this.open.length === this.listDepth && this.elementStart >= 0) {
      if (this.isSplit) yield { is: 'element', text: this.kept.text(this.elementStart, end) };
      else this.ended.push([this.elementStart, end]);
      this.elementStart = -1;
      return;
    }
    if (this.open.length > 0) return;
    // A list of elements is no document that anybody can send or read as one.
    if (this.listDepth === 1) yield* this.split();
    if (!this.isSplit) {
      if (this.listDepth > 0 && end - this.recordStart > this.options.maxDocumentBytes) yield* this.split();
      else yield { is: 'document', text: this.kept.text(this.recordStart, end) };
    }
    this.kept.dropBefore(end);
    this.recordStart = -1;
    this.listDepth = 0;
    this.isSplit = false;
    this.ended.length = 0;
  }

  /** Gives the elements of a document that has become too large for one record. */
  private *bound(): Generator<JsonRecord> {
    if (this.recordStart < 0) {
      this.kept.dropBefore(this.offset);
      return;
    }
    const { maxDocumentBytes, maxElementBytes } = this.options;
    if (!this.isSplit && this.listDepth > 0 && this.offset - this.recordStart > maxDocumentBytes) yield* this.split();
    if (this.isSplit && this.elementStart < 0) this.kept.dropBefore(this.isInString ? this.stringStart : this.offset);
    if (this.kept.length > maxElementBytes + maxDocumentBytes) {
      throw new TraceFileError(
        `the document at byte ${this.recordStart} has a part of more than ${maxElementBytes / 1024 / 1024} MiB, or no list ${this.options.listName}`,
      );
    }
  }

  private *split(): Generator<JsonRecord> {
    this.isSplit = true;
    for (const [start, end] of this.ended) yield { is: 'element', text: this.kept.text(start, end) };
    this.ended.length = 0;
    this.kept.dropBefore(this.elementStart < 0 ? this.offset : this.elementStart);
  }

  private unexpected(byte: number): TraceFileError {
    return new TraceFileError(
      `byte ${this.offset} of the file must be JSON, got ${JSON.stringify(String.fromCodePoint(byte))}`,
    );
  }
}

function isStructural(byte: number): boolean {
  return byte === quote || byte === openBrace || byte === openBracket || byte === closeBrace || byte === closeBracket;
}

/** The bytes of a stream from some offset on. */
class KeptBytes {
  private pieces: { readonly start: number; readonly bytes: Buffer }[] = [];
  private from = 0;
  private to = 0;

  get length(): number {
    return this.to - this.from;
  }

  append(bytes: Buffer, start: number): void {
    this.pieces.push({ start, bytes });
    this.to = start + bytes.length;
  }

  dropBefore(offset: number): void {
    this.from = Math.min(Math.max(offset, this.from), this.to);
    const first = this.pieces.findIndex(({ start, bytes }) => start + bytes.length > this.from);
    this.pieces = first < 0 ? [] : first === 0 ? this.pieces : this.pieces.slice(first);
  }

  text(from: number, to: number): string {
    const parts = this.pieces
      .filter(({ start, bytes }) => start < to && start + bytes.length > from)
      .map(({ start, bytes }) => bytes.subarray(Math.max(from - start, 0), to - start));
    return (parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)).toString('utf8');
  }
}
