/*
 * Converts a request from OTLP's JSON to protobuf (OTLP specification, "JSON Protobuf Encoding"), in one pass over the
 * bytes:
 *
 *   - Fields are in lowerCamelCase or snake_case. Unknown fields are skipped at any depth. Null means absent.
 *   - If a field occurs twice, the last one counts; lists are concatenated.
 *   - Integers are numbers or text, also 5.0 or 5e0. Enumerations are numbers or names. Ids are hex in either case.
 *
 * Invalid JSON, or a value other than a list where spans are expected, refuses the request. A value that its field cannot
 * have rejects its span, or the spans of its resource or scope. Each is replaced by an empty span, which the transcoder
 * rejects because it has no ids; `problems` has the reasons of the first few.
 *
 * No object is created for a value. The result is at most a few bytes longer than the JSON, because the shortest JSON of
 * every field is longer than its protobuf.
 */
import { limits } from '../limits.js';
import { attributeProblems } from '../storage/attribute-json.js';
import { two32 } from '../storage/postgres-time.js';
import { type JsonField, type JsonKind, type JsonMessage, requestMessage } from './json-fields.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import type { SpanErrors } from './transcoder.js';

const maxJsonBytes = limits.requestJsonBytes.value;
const maxDepth = limits.attributeDepth.value;
const maxNumberCharacters = limits.jsonNumberCharacters.value;
const maxTextBytes = limits.jsonTextBytes.value;
const maxRepetitions = limits.repeatedJsonFields.value;
const maxProblems = limits.describedRejections.value;

const maxSpans = limits.requestSpans.value;

/** The clock is read once for this many bytes. */
const bytesBetweenClockReads = 64 * 1024;

/** The most nested messages: five of a request, and three for each level of an attribute. */
const maxFrames = 8 + 3 * (maxDepth + 2);

/** Bytes that are reserved for a length until it is known. */
const lengthBytes = 4;

/** Maximum bytes by which the result is longer than the JSON: the reserved lengths of all open messages. */
const slackBytes = 64 + maxFrames * lengthBytes;

/** The most characters of a value, and members of its path, in an error message. */
const maxQuoted = 40;
const maxPathMembers = 12;

/** The index of these messages in the stack. */
const resourceSpansFrame = 1;
const scopeSpansFrame = 2;
const spanFrame = 3;

const oldSpansKeys: ReadonlySet<string> = new Set(['instrumentationLibrarySpans', 'instrumentation_library_spans']);

/** An empty ResourceSpans.instrumentation_library_spans, which OTLP has replaced by scope_spans. */
const oldSpansField = Buffer.from([0xc2, 0x3e, 0]);

const scopeSpansTag = 0x12;
const spanTag = 0x12;

const quote = 0x22;
const backslash = 0x5c;

/** What the parser expects next. */
type State =
  | 'value'
  | 'first-member'
  | 'member'
  | 'after-value'
  | 'first-element'
  | 'skipped-value'
  | 'skipped-first-member'
  | 'skipped-member'
  | 'after-skipped-value'
  | 'skipped-first-element'
  | 'end';

/** The one error that pauses the decoder within a text. */
const pausedInText = new Error('paused within a text');

/** Decodes one request: `run` until it returns true. */
export class JsonDecoder {
  /** Why spans were replaced by empty ones, by position in the request, from 1. */
  readonly problems: SpanErrors;
  private readonly found = new Map<number, string>();

  private readonly out: Buffer;
  private readonly outView: DataView;
  private to = 0;

  private position = 0;
  private nextClockRead = bytesBetweenClockReads;
  private deadline = 0;
  private state: State = 'value';

  /** The stack of open messages, the request first: the start of their content, and the fields read so far. */
  private readonly messages: JsonMessage[] = [];
  private readonly starts = new Int32Array(maxFrames);
  private readonly seen = new Int32Array(maxFrames);
  private readonly repetitions = new Int32Array(maxFrames);
  /** For each open message, the current field, whether the parser is in its list, and the index there. */
  private readonly fields: (JsonField | undefined)[] = [];
  private readonly isInList = new Uint8Array(maxFrames);
  private readonly indexes = new Int32Array(maxFrames);
  private top = -1;
  private depth = 0;

  private seenSpans = 0;
  private spansBeforeResource = 0;
  private spansBeforeScope = 0;
  private resourceIndex = 0;
  private scopeIndex = 0;
  private spanIndex = 0;
  private resourceProblem = '';
  private scopeProblem = '';
  private spanProblem = '';

  /** For each level of a skipped value, one bit: whether it is an object. */
  private skipped = new Uint8Array(64);
  private skippedDepth = 0;

  /** The absolute value of the last integer, in two halves. */
  private high = 0;
  private low = 0;
  private isNegative = false;

  /** Whether the last text has escapes. */
  private hasEscape = false;

  /** The start of the text in which the decoder paused last, and the offset it had reached. */
  private readText = -1;
  private readTo = 0;

  /**
   * @param body a request in JSON; must not change until `run` has returned true
   * @throws TracestoreError `tooLarge` when it is above the limit for JSON
   */
  constructor(private readonly body: Buffer) {
    if (body.length > maxJsonBytes)
      throw new TracestoreError(errorKinds.tooLarge, `more than ${maxJsonBytes} bytes of JSON`);
    this.problems = this.found;
    this.out = Buffer.allocUnsafeSlow(body.length + slackBytes);
    this.outView = new DataView(this.out.buffer);
    // A byte order mark.
    if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) this.position = 3;
  }

  /** The request in protobuf; valid when `run` has returned true. */
  get protobuf(): Buffer {
    return this.out.subarray(0, this.to);
  }

  /**
   * Continues decoding.
   *
   * @param budgetMs the time until it pauses
   * @returns whether the request is decoded
   * @throws TracestoreError `undecodable` with the position
   */
  run(budgetMs: number): boolean {
    this.deadline = performance.now() + budgetMs;
    try {
      while (this.state !== 'end') {
        if (this.position >= this.nextClockRead) {
          this.nextClockRead = this.position + bytesBetweenClockReads;
          if (performance.now() >= this.deadline) return false;
        }
        this.step();
      }
    } catch (error) {
      if (error === pausedInText) return false;
      throw error;
    }
    return true;
  }

  /** Handles one token. After a pause within a text it runs again from its start: nothing has changed before that. */
  private step(): void {
    // Long white space takes several steps.
    const byte = this.nextByte(bytesBetweenClockReads);
    if (isSpace(byte)) return;
    switch (this.state) {
      case 'value':
        if (this.top < 0) this.request(byte);
        else this.value(byte, this.fields[this.top] as JsonField);
        break;
      case 'first-member':
        if (byte === 0x7d) this.endMessage();
        else this.member(byte);
        break;
      case 'member':
        this.member(byte);
        break;
      case 'first-element':
        if (byte === 0x5d) this.endList();
        else this.state = 'value';
        break;
      case 'after-value':
        this.afterValue(byte);
        break;
      case 'end':
        break;
      default:
        this.skip(byte);
    }
  }

  /** Moves to the next byte that is not white space, at most `maxSpace` bytes ahead, and returns it. */
  private nextByte(maxSpace = Infinity): number {
    const { body } = this;
    const end = this.position + maxSpace;
    let byte = body[this.position] as number;
    while (isSpace(byte) && this.position < end) byte = body[++this.position] as number;
    return byte;
  }

  private request(byte: number): void {
    if (byte !== 0x7b) throw this.unexpected();
    this.open(requestMessage);
  }

  private afterValue(byte: number): void {
    if (this.top < 0) {
      if (this.position < this.body.length) throw this.unexpected();
      this.state = 'end';
      if (this.to > this.out.length) throw new Error('The protobuf of a request is longer than its JSON');
    } else if (byte === 0x2c) {
      this.position++;
      if (this.isInList[this.top] === 0) {
        this.state = 'member';
      } else {
        this.indexes[this.top] = (this.indexes[this.top] as number) + 1;
        this.state = 'value';
      }
    } else if (this.isInList[this.top] === 1) {
      if (byte !== 0x5d) throw this.unexpected();
      this.endList();
    } else {
      if (byte !== 0x7d) throw this.unexpected();
      this.endMessage();
    }
  }

  private endList(): void {
    this.position++;
    this.isInList[this.top] = 0;
    this.state = 'after-value';
  }

  private member(byte: number): void {
    if (byte !== quote) throw this.unexpected();
    const start = this.position + 1;
    const end = this.endOfString(this.position);
    this.position = end;
    if (this.nextByte() !== 0x3a) throw this.unexpected();
    this.position++;
    const message = this.messages[this.top] as JsonMessage;
    const field = message.find(this.body, start, end - 1) ?? this.findEscaped(message, start, end - 1);
    if (field === undefined) {
      if (this.top === resourceSpansFrame) this.noteOldSpans(start, end - 1);
      this.beginSkip();
      return;
    }
    this.fields[this.top] = field;
    this.state = 'value';
  }

  /** Finds a field whose name is written with escapes. */
  private findEscaped(message: JsonMessage, start: number, end: number): JsonField | undefined {
    if (end - start > 256 || !this.body.subarray(start, end).includes(backslash)) return undefined;
    const name = Buffer.from(JSON.parse(this.body.toString('utf8', start - 1, end + 1)) as string);
    return message.find(name, 0, name.length);
  }

  private noteOldSpans(start: number, end: number): void {
    if (end - start > maxQuoted || !oldSpansKeys.has(this.body.toString('latin1', start, end))) return;
    this.out.set(oldSpansField, this.to);
    this.to += oldSpansField.length;
  }

  private value(byte: number, field: JsonField): void {
    const isInList = this.isInList[this.top] === 1;
    if (byte === 0x6e) {
      this.literal('null');
      this.state = 'after-value';
      if (isInList) this.emptyElement(field);
      else if (!field.isRepeated && this.hasEarlier(field)) this.forgetEarlier(field);
      return;
    }
    if (field.isRepeated && !isInList) {
      if (byte !== 0x5b) {
        this.wrong(field, 'must be an array');
        return;
      }
      this.position++;
      this.isInList[this.top] = 1;
      this.indexes[this.top] = 0;
      this.state = 'first-element';
      return;
    }
    if (field.message === undefined) {
      this.scalar(byte, field);
    } else {
      if (!field.isRepeated) this.forgetEarlier(field);
      this.messageValue(byte, field, field.message);
    }
  }

  /** Whether the open message has the field already. A oneof has only its last field. */
  private hasEarlier(field: JsonField): boolean {
    const seen = this.seen[this.top] as number;
    return this.messages[this.top]?.isChoice === true ? seen === field.number : (seen & (1 << field.number)) !== 0;
  }

  /** Removes an earlier value of a field, because the last one counts. In a oneof, removes any other field. */
  private forgetEarlier(field: JsonField): void {
    const { top, seen } = this;
    if (this.messages[top]?.isChoice === true) {
      this.to = this.starts[top] as number;
      seen[top] = field.number;
      return;
    }
    if (this.hasEarlier(field)) {
      this.repetitions[top] = (this.repetitions[top] as number) + 1;
      if ((this.repetitions[top] as number) > maxRepetitions)
        this.fault(field, `is repeated, and its object has more than ${maxRepetitions} repeated fields`);
      else this.removeField(field.number);
    }
    seen[top] = (seen[top] as number) | (1 << field.number);
  }

  /** Removes a field from the output of the open message. */
  private removeField(number: number): void {
    const { out } = this;
    let from = this.starts[this.top] as number;
    let kept = from;
    let keptFrom = from;
    // Bytes that are scanned again count as read.
    this.nextClockRead -= this.to - from;
    while (from < this.to) {
      const fieldStart = from;
      let tag = 0;
      let shift = 0;
      do tag |= ((out[from] as number) & 0x7f) << (shift++ * 7);
      while ((out[from++] as number) >= 0x80);
      if ((tag & 7) === 0) {
        while ((out[from++] as number) >= 0x80);
      } else if ((tag & 7) === 1) {
        from += 8;
      } else if ((tag & 7) === 5) {
        from += 4;
      } else {
        let length = 0;
        shift = 0;
        do length |= ((out[from] as number) & 0x7f) << (shift++ * 7);
        while ((out[from++] as number) >= 0x80);
        from += length;
      }
      if (tag >>> 3 !== number) continue;
      if (kept < keptFrom) out.copyWithin(kept, keptFrom, fieldStart);
      kept += fieldStart - keptFrom;
      keptFrom = from;
    }
    if (kept < keptFrom) out.copyWithin(kept, keptFrom, this.to);
    this.to = kept + this.to - keptFrom;
  }

  /** Handles null in a list, which means an empty value. */
  private emptyElement(field: JsonField): void {
    if (field.message?.name === 'Span') this.beginSpan();
    this.tag(field.tag);
    this.out[this.to++] = 0;
    if (field.message?.name === 'ScopeSpans') this.scopeIndex++;
    if (field.message?.name === 'ResourceSpans') this.resourceIndex++;
  }

  private messageValue(byte: number, field: JsonField, message: JsonMessage): void {
    const isSpan = message.name === 'Span';
    if (isSpan) this.beginSpan();
    if (byte !== 0x7b) {
      if (isSpan) {
        this.noteProblem(this.seenSpans, `${this.pathOf(field)} must be an object, got ${this.quoted(this.position)}`);
        this.emptySpans(1);
        this.beginSkip();
      } else {
        this.wrong(field, 'must be an object');
      }
    } else if (message.isNesting && this.depth >= maxDepth) {
      this.fault(field, attributeProblems.depth);
      this.beginSkip();
    } else {
      this.tag(field.tag);
      this.to += lengthBytes;
      this.open(message);
    }
  }

  /** Opens a message at its brace. */
  private open(message: JsonMessage): void {
    this.position++;
    const top = ++this.top;
    this.messages[top] = message;
    this.starts[top] = this.to;
    this.seen[top] = 0;
    this.repetitions[top] = 0;
    this.isInList[top] = 0;
    this.state = 'first-member';
    if (message.isNesting) this.depth++;
    if (top === resourceSpansFrame) {
      this.resourceProblem = '';
      this.spansBeforeResource = this.seenSpans;
      this.scopeIndex = 0;
    } else if (message.name === 'ScopeSpans') {
      this.scopeProblem = '';
      this.spansBeforeScope = this.seenSpans;
      this.spanIndex = 0;
    }
  }

  private beginSpan(): void {
    if (++this.seenSpans > maxSpans) throw new TracestoreError(errorKinds.tooLarge, `more than ${maxSpans} spans`);
    this.spanProblem = '';
    this.spanIndex++;
  }

  private endMessage(): void {
    this.position++;
    this.state = 'after-value';
    const message = this.messages[this.top] as JsonMessage;
    const start = this.starts[this.top] as number;
    if (message.isNesting) this.depth--;
    if (message.name === 'Span') {
      if (this.spanProblem !== '') {
        this.to = start;
        this.noteProblem(this.seenSpans, this.spanProblem);
      }
    } else if (message.name === 'ScopeSpans') {
      if (this.scopeProblem !== '') {
        this.to = start;
        this.emptySpans(this.replaceProblems(this.spansBeforeScope, this.scopeProblem));
      }
      this.scopeIndex++;
    } else if (message.name === 'ResourceSpans') {
      if (this.resourceProblem !== '') {
        this.to = start;
        this.out[this.to++] = scopeSpansTag;
        this.to += lengthBytes;
        const scopeStart = this.to;
        this.emptySpans(this.replaceProblems(this.spansBeforeResource, this.resourceProblem));
        this.endLength(scopeStart);
      }
      this.resourceIndex++;
    }
    if (this.top-- > 0) this.endLength(start);
  }

  /** Writes the length of a message before its start. A short length takes one byte. */
  private endLength(start: number): void {
    const { out } = this;
    const length = this.to - start;
    let at = start - lengthBytes;
    if (length < 0x80) {
      out[at] = length;
      if (length > 0) out.copyWithin(at + 1, start, this.to);
      this.to -= lengthBytes - 1;
      return;
    }
    out[at++] = (length & 0x7f) | 0x80;
    out[at++] = ((length >>> 7) & 0x7f) | 0x80;
    out[at++] = ((length >>> 14) & 0x7f) | 0x80;
    out[at] = (length >>> 21) & 0x7f;
  }

  private emptySpans(count: number): void {
    for (let index = 0; index < count; index++) {
      this.out[this.to++] = spanTag;
      this.out[this.to++] = 0;
    }
  }

  /** Sets one reason for all spans after the first `spansBefore`. @returns the number of these spans */
  private replaceProblems(spansBefore: number, problem: string): number {
    for (const ordinal of this.found.keys()) if (ordinal > spansBefore) this.found.delete(ordinal);
    for (let ordinal = spansBefore + 1; ordinal <= this.seenSpans && !this.knowsEnough; ordinal++) {
      this.noteProblem(ordinal, problem);
    }
    return this.seenSpans - spansBefore;
  }

  private noteProblem(ordinal: number, problem: string): void {
    if (!this.knowsEnough) this.found.set(ordinal, problem);
  }

  /** Whether enough rejected spans are described, so that a further one needs no message. */
  private get knowsEnough(): boolean {
    return this.found.size >= maxProblems;
  }

  /** Rejects a value of the wrong type, with the span, scope or resource that it belongs to. */
  private wrong(field: JsonField, expectation: string): void {
    const name = field.message?.name;
    if (name === 'ResourceSpans' || name === 'ScopeSpans' || name === 'Span') {
      throw new TracestoreError(
        errorKinds.undecodable,
        `${this.pathOf(field)} ${expectation}, at byte ${this.position}`,
      );
    }
    this.fault(field, expectation, this.position);
    this.beginSkip();
  }

  /**
   * Records the reason to reject a span, or all spans of a scope or resource.
   *
   * @param valueStart offset of a value to quote, or -1
   */
  private fault(field: JsonField, what: string, valueStart = -1): void {
    const { top } = this;
    const isOfSpan = top >= spanFrame && this.messages[spanFrame]?.name === 'Span';
    const isOfScope = !isOfSpan && top >= scopeSpansFrame && this.messages[scopeSpansFrame]?.name === 'ScopeSpans';
    const known = isOfSpan ? this.spanProblem : isOfScope ? this.scopeProblem : this.resourceProblem;
    if (known !== '') return;
    const problem = this.knowsEnough
      ? what
      : `${this.pathOf(field, what === attributeProblems.depth)} ${what}${valueStart < 0 ? '' : `, got ${this.quoted(valueStart)}`}`;
    if (isOfSpan) this.spanProblem = problem;
    else if (isOfScope) this.scopeProblem = problem;
    else this.resourceProblem = problem;
  }

  /** @returns the path of a field of the open message. @param isOfSet whether to name only its set of attributes */
  private pathOf(field: JsonField, isOfSet = false): string {
    const members: string[] = [];
    for (let frame = 0; frame <= this.top && members.length < maxPathMembers; frame++) {
      const { name = '' } = frame === this.top ? field : (this.fields[frame] ?? {});
      if (isOfSet && name === 'attributes') return [...members, name].join('.');
      members.push(this.isInList[frame] === 1 ? `${name}[${this.indexOf(frame)}]` : name);
    }
    return members.join('.');
  }

  /** @returns the index of an element. A list of spans may occur in several parts. */
  private indexOf(frame: number): number {
    if (frame === 0) return this.resourceIndex;
    const name = this.fields[frame]?.message?.name;
    if (name === 'ScopeSpans') return this.scopeIndex;
    if (name === 'Span') return this.spanIndex - 1;
    return this.indexes[frame] as number;
  }

  private quoted(start: number): string {
    let end = start;
    while (end < start + maxQuoted && !endsValue(this.body[end])) end++;
    return this.body.toString('utf8', start, end);
  }

  private scalar(byte: number, field: JsonField): void {
    const start = this.position;
    if (byte === 0x7b || byte === 0x5b) {
      if (!field.isRepeated) this.forgetEarlier(field);
      this.wrong(field, expected[field.kind]);
      return;
    }
    const end = this.endOfToken(byte);
    if (!field.isRepeated) this.forgetEarlier(field);
    this.position = end;
    this.state = 'after-value';
    const isText = byte === quote;
    if (isText && end - start > maxTextBytes) {
      this.fault(field, `has more than ${maxTextBytes} bytes of text`);
      return;
    }
    const isTaken =
      field.kind === 'string'
        ? isText && this.text(field.tag, start + 1, end - 1)
        : this.convert(field, isText ? start + 1 : start, isText ? end - 1 : end, isText);
    if (!isTaken) this.fault(field, expected[field.kind], start);
  }

  /** @returns false when the field cannot have the value */
  private convert(field: JsonField, start: number, end: number, isText: boolean): boolean {
    switch (field.kind) {
      case 'id':
        return isText && this.hex(field.tag, start, end);
      case 'bytes':
        return isText && this.base64(field.tag, start, end);
      case 'bool': {
        const first = this.body[start];
        if (isText || (first !== 0x74 && first !== 0x66)) return false;
        this.tag(field.tag);
        this.out[this.to++] = first === 0x74 ? 1 : 0;
        return true;
      }
      case 'double':
        return this.double(field.tag, start, end, isText);
      case 'enum': {
        const named = isText
          ? field.enumValues.get(this.body.toString('latin1', start, Math.min(end, start + 64)))
          : undefined;
        if (named === undefined) return this.varint(field.tag, start, end, 31);
        this.tag(field.tag);
        this.out[this.to++] = named;
        return true;
      }
      case 'int32':
        return this.varint(field.tag, start, end, 31);
      case 'int64':
        return this.varint(field.tag, start, end, 63);
      case 'uint32':
        return !this.startsWithMinus(start) && this.varint(field.tag, start, end, 32);
      case 'fixed32':
        if (!this.integer(start, end) || this.isNegative || this.high !== 0) return false;
        this.tag(field.tag);
        this.outView.setUint32(this.to, this.low, true);
        this.to += 4;
        return true;
      case 'fixed64':
        if (!this.integer(start, end) || this.isNegative) return false;
        this.tag(field.tag);
        this.outView.setUint32(this.to, this.low, true);
        this.outView.setUint32(this.to + 4, this.high, true);
        this.to += 8;
        return true;
      default:
        return false;
    }
  }

  private startsWithMinus(start: number): boolean {
    return this.body[start] === 0x2d;
  }

  /** @param bits of the absolute value, at most */
  private varint(tag: number, start: number, end: number, bits: number): boolean {
    if (!this.integer(start, end)) return false;
    let { high, low } = this;
    const limit = bits >= 32 ? 2 ** (bits - 32) : 1;
    const lowLimit = bits >= 32 ? two32 : 2 ** bits;
    if (this.isNegative) {
      // The absolute value of the minimum is one more than the maximum.
      const isLeast = bits === 63 ? high === limit && low === 0 : high === 0 && low === lowLimit;
      if (!isLeast && (high >= limit || low >= lowLimit)) return false;
      low = low === 0 ? 0 : two32 - low;
      high = (low === 0 ? two32 - high : two32 - 1 - high) % two32;
    } else if (high >= limit || low >= lowLimit) {
      return false;
    }
    this.tag(tag);
    const { out } = this;
    while (high > 0 || low >= 0x80) {
      out[this.to++] = (low & 0x7f) | 0x80;
      low = (low >>> 7) + (high & 0x7f) * 0x200_0000;
      high = Math.floor(high / 128);
    }
    out[this.to++] = low;
    return true;
  }

  /** Reads an integer of up to 64 bits into `high` and `low`. @returns false when there is none */
  private integer(start: number, end: number): boolean {
    const { body } = this;
    if (end - start > maxNumberCharacters) return false;
    let at = start;
    this.isNegative = this.startsWithMinus(at);
    if (this.isNegative) at++;
    if (at === end) return false;
    let high = 0;
    let low = 0;
    for (; at < end; at++) {
      const digit = (body[at] as number) - 0x30;
      if (digit < 0 || digit > 9) return this.plainInteger(start, end);
      low = low * 10 + digit;
      const carry = Math.floor(low / two32);
      low -= carry * two32;
      high = high * 10 + carry;
      if (high >= two32) return false;
    }
    this.high = high;
    this.low = low;
    return true;
  }

  /** Reads an integer with a fraction of zeros or an exponent. */
  private plainInteger(start: number, end: number): boolean {
    const match = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(this.body.toString('latin1', start, end));
    if (match === null) return false;
    const [, whole = '', fraction = '', exponent = '0'] = match;
    const digits = `${whole}${fraction}`.replace(/^0+/, '');
    const zeros = Number(exponent) - fraction.length;
    const kept = zeros < 0 ? digits.slice(0, zeros) : digits.padEnd(digits.length + (digits === '' ? 0 : zeros), '0');
    if (zeros < 0 && /[1-9]/.test(digits.slice(zeros))) return false;
    if (kept.length > 20) return false;
    const value = BigInt(kept === '' ? '0' : kept);
    this.high = Number(value >> 32n);
    this.low = Number(BigInt.asUintN(32, value));
    return this.high < two32;
  }

  private double(tag: number, start: number, end: number, isText: boolean): boolean {
    if (end - start > maxNumberCharacters) return false;
    const text = this.body.toString('latin1', start, end);
    const special = isText ? specialDoubles.get(text) : undefined;
    if (special === undefined && !/^-?\d/.test(text)) return false;
    if (isText && special === undefined && !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return false;
    const value = special ?? Number(text);
    if (special === undefined && !Number.isFinite(value)) return false;
    this.tag(tag);
    this.outView.setFloat64(this.to, value, true);
    this.to += 8;
    return true;
  }

  private hex(tag: number, start: number, end: number): boolean {
    const { body, out } = this;
    if ((end - start) % 2 !== 0) return false;
    for (let at = start; at < end; at++) if ((hexDigits[body[at] as number] as number) < 0) return false;
    this.tag(tag);
    this.length((end - start) / 2);
    for (let at = start; at < end; at += 2) {
      out[this.to++] = ((hexDigits[body[at] as number] as number) << 4) | (hexDigits[body[at + 1] as number] as number);
    }
    return true;
  }

  /** Decodes base64 in either alphabet (RFC 4648), padded or not, as the JSON mapping of protobuf allows. */
  private base64(tag: number, start: number, end: number): boolean {
    const { body, out } = this;
    let last = end;
    while (last > start && end - last < 2 && body[last - 1] === 0x3d) last--;
    const count = last - start;
    if (count % 4 === 1 || (last < end && (end - start) % 4 !== 0)) return false;
    for (let at = start; at < last; at++) if ((base64Digits[body[at] as number] as number) < 0) return false;
    this.tag(tag);
    this.length(Math.floor((count * 3) / 4));
    let bits = 0;
    let bitCount = 0;
    for (let at = start; at < last; at++) {
      bits = ((bits << 6) | (base64Digits[body[at] as number] as number)) & 0xffff;
      bitCount += 6;
      if (bitCount < 8) continue;
      bitCount -= 8;
      out[this.to++] = (bits >>> bitCount) & 0xff;
    }
    return true;
  }

  /** Copies the text between quotes. @returns true */
  private text(tag: number, start: number, end: number): boolean {
    const { body, out } = this;
    this.tag(tag);
    if (!this.hasEscape) {
      this.length(end - start);
      if (end - start > 48) {
        out.set(body.subarray(start, end), this.to);
        this.to += end - start;
      } else {
        for (let at = start; at < end; at++) out[this.to++] = body[at] as number;
      }
      return true;
    }
    this.to += lengthBytes;
    const textStart = this.to;
    let { to } = this;
    for (let at = start; at < end;) {
      const byte = body[at] as number;
      if (byte !== backslash) {
        out[to++] = byte;
        at++;
        continue;
      }
      const escaped = body[at + 1] as number;
      if (escaped !== 0x75) {
        out[to++] = unescaped[escaped] as number;
        at += 2;
        continue;
      }
      let code = this.codeUnit(at);
      at += 6;
      if (code >= 0xd800 && code < 0xdc00 && body[at] === backslash && body[at + 1] === 0x75) {
        const second = this.codeUnit(at);
        if (second >= 0xdc00 && second < 0xe000) {
          code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
          at += 6;
        }
      }
      // JSON can contain a lone surrogate, which is not valid text.
      if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
      if (code < 0x80) {
        out[to++] = code;
      } else if (code < 0x800) {
        out[to++] = 0xc0 | (code >>> 6);
        out[to++] = 0x80 | (code & 0x3f);
      } else {
        if (code < 0x10000) {
          out[to++] = 0xe0 | (code >>> 12);
        } else {
          out[to++] = 0xf0 | (code >>> 18);
          out[to++] = 0x80 | ((code >>> 12) & 0x3f);
        }
        out[to++] = 0x80 | ((code >>> 6) & 0x3f);
        out[to++] = 0x80 | (code & 0x3f);
      }
    }
    this.to = to;
    this.endLength(textStart);
    return true;
  }

  /** @returns the code unit of a valid `\\uXXXX` */
  private codeUnit(at: number): number {
    const { body } = this;
    let code = 0;
    for (let index = at + 2; index < at + 6; index++) {
      code = (code << 4) | (hexDigits[body[index] as number] as number);
    }
    return code;
  }

  private tag(tag: number): void {
    if (tag >= 0x80) {
      this.out[this.to++] = (tag & 0x7f) | 0x80;
      this.out[this.to++] = tag >>> 7;
    } else {
      this.out[this.to++] = tag;
    }
  }

  private length(length: number): void {
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) this.out[this.to++] = (rest & 0x7f) | 0x80;
    this.out[this.to++] = rest;
  }

  /** @returns the end of the text, number or word at the position */
  private endOfToken(byte: number): number {
    switch (byte) {
      case quote:
        return this.endOfString(this.position);
      case 0x74:
        return this.endOfWord('true');
      case 0x66:
        return this.endOfWord('false');
      case 0x6e:
        return this.endOfWord('null');
      default:
        return this.endOfNumber();
    }
  }

  private literal(word: string): void {
    this.position = this.endOfWord(word);
  }

  private endOfWord(word: string): number {
    for (let index = 0; index < word.length; index++) {
      if (this.body[this.position] !== word.charCodeAt(index)) throw this.unexpected();
      this.position++;
    }
    const end = this.position;
    this.position -= word.length;
    return end;
  }

  private endOfNumber(): number {
    const start = this.position;
    if (this.body[this.position] === 0x2d) this.position++;
    if (this.body[this.position] === 0x30) this.position++;
    else this.digits();
    if (this.body[this.position] === 0x2e) {
      this.position++;
      this.digits();
    }
    if (((this.body[this.position] as number) | 0x20) === 0x65) {
      this.position++;
      const sign = this.body[this.position];
      if (sign === 0x2b || sign === 0x2d) this.position++;
      this.digits();
    }
    const end = this.position;
    this.position = start;
    return end;
  }

  /** Reads one or more digits. */
  private digits(): void {
    const { body } = this;
    const start = this.position;
    for (let byte = body[start] as number; byte >= 0x30 && byte <= 0x39;) byte = body[++this.position] as number;
    if (this.position === start) throw this.unexpected();
  }

  /**
   * Reads a text, or continues one in which it has paused. Sets `hasEscape`.
   *
   * @param start the position
   * @returns the offset after the closing quote
   * @throws pausedInText when the time is over
   */
  private endOfString(start: number): number {
    const { body } = this;
    const isContinued = this.readText === start;
    if (!isContinued) this.hasEscape = false;
    let at = isContinued ? this.readTo : start + 1;
    for (let pauseAt = at + bytesBetweenClockReads; ;) {
      if (at >= pauseAt) {
        pauseAt = at + bytesBetweenClockReads;
        if (performance.now() >= this.deadline) {
          this.readText = this.position = start;
          this.readTo = at;
          throw pausedInText;
        }
      }
      const byte = body[at] as number;
      if (byte === quote) return at + 1;
      if (byte === backslash) {
        this.hasEscape = true;
        at = this.endOfEscape(at);
      } else if (byte >= 0x20) {
        at++;
      } else {
        // A control character, or the end of the body.
        this.position = at;
        throw this.unexpected();
      }
    }
  }

  private endOfEscape(at: number): number {
    const { body } = this;
    const escaped = body[at + 1] as number;
    this.position = at;
    if (escaped === 0x75) {
      for (let index = at + 2; index < at + 6; index++) {
        if (!((hexDigits[body[index] as number] as number) >= 0)) throw this.unexpected();
      }
      return at + 6;
    }
    if (!((unescaped[escaped] as number) > 0)) throw this.unexpected();
    return at + 2;
  }

  private beginSkip(): void {
    this.skippedDepth = 0;
    this.state = 'skipped-value';
  }

  private skip(byte: number): void {
    switch (this.state) {
      case 'skipped-first-element':
        if (byte === 0x5d) this.endSkipped();
        else this.skipValue(byte);
        break;
      case 'skipped-first-member':
        if (byte === 0x7d) this.endSkipped();
        else this.skipName(byte);
        break;
      case 'skipped-member':
        this.skipName(byte);
        break;
      case 'after-skipped-value': {
        const isObject = this.isSkippedObject();
        if (byte === 0x2c) {
          this.position++;
          this.state = isObject ? 'skipped-member' : 'skipped-value';
        } else {
          if (byte !== (isObject ? 0x7d : 0x5d)) throw this.unexpected();
          this.endSkipped();
        }
        break;
      }
      default:
        this.skipValue(byte);
    }
  }

  private skipValue(byte: number): void {
    if (byte !== 0x7b && byte !== 0x5b) {
      this.position = this.endOfToken(byte);
      this.afterSkipped();
      return;
    }
    this.position++;
    const place = this.skippedDepth++;
    if (place >>> 3 >= this.skipped.length) {
      const longer = new Uint8Array(this.skipped.length * 2);
      longer.set(this.skipped);
      this.skipped = longer;
    }
    const bit = 1 << (place & 7);
    const others = (this.skipped[place >>> 3] as number) & ~bit;
    this.skipped[place >>> 3] = byte === 0x7b ? others | bit : others;
    this.state = byte === 0x7b ? 'skipped-first-member' : 'skipped-first-element';
  }

  private skipName(byte: number): void {
    if (byte !== quote) throw this.unexpected();
    this.position = this.endOfString(this.position);
    if (this.nextByte() !== 0x3a) throw this.unexpected();
    this.position++;
    this.state = 'skipped-value';
  }

  private isSkippedObject(): boolean {
    const place = this.skippedDepth - 1;
    return (((this.skipped[place >>> 3] as number) >>> (place & 7)) & 1) === 1;
  }

  private endSkipped(): void {
    this.position++;
    this.skippedDepth--;
    this.afterSkipped();
  }

  private afterSkipped(): void {
    this.state = this.skippedDepth === 0 ? 'after-value' : 'after-skipped-value';
  }

  private unexpected(): TracestoreError {
    const { body, position } = this;
    if (position >= body.length)
      return new TracestoreError(errorKinds.undecodable, `the JSON ends too early, at byte ${position}`);
    const found = JSON.stringify(body.toString('utf8', position, position + 8));
    return new TracestoreError(errorKinds.undecodable, `invalid JSON at byte ${position}: unexpected ${found}`);
  }
}

/** The expected values of each kind, for error messages. */
const expected: Readonly<Record<JsonKind, string>> = {
  message: 'must be an object',
  string: 'must be text',
  bytes: 'must be base64',
  id: 'must be hex',
  bool: 'must be true or false',
  int32: 'must be a 32-bit integer',
  int64: 'must be a 64-bit integer',
  uint32: 'must be an integer from 0 to 4294967295',
  fixed32: 'must be an integer from 0 to 4294967295',
  fixed64: 'must be an integer from 0 to 18446744073709551615',
  double: 'must be a number',
  enum: 'must be a number or a name of its enumeration',
};

const specialDoubles: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Whether a byte ends a number or a word. */
function endsValue(byte: number | undefined): boolean {
  return byte === undefined || byte === 0x2c || byte === 0x5d || byte === 0x7d || byte < 0x20;
}

/** The value of each digit, by its byte; -1 for other bytes. */
function digitsOf(...alphabets: readonly string[]): Int8Array {
  const digits = new Int8Array(256).fill(-1);
  for (const alphabet of alphabets) {
    for (let digit = 0; digit < alphabet.length; digit++) digits[alphabet.charCodeAt(digit)] = digit;
  }
  return digits;
}

const hexDigits = digitsOf('0123456789abcdef', '0123456789ABCDEF');

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const base64Digits = digitsOf(`${letters}+/`, `${letters}-_`);

/** The byte that an escape means, by the byte after the backslash; 0 for invalid escapes. */
const unescaped = new Uint8Array(256);
for (const [escape, byte] of [
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
] as const) {
  unescaped[escape] = byte;
}
