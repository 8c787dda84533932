import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { UnsentAnswers } from '@spandrel/service';
import type { CallObserver } from './call-observer.js';
import { CallPlaces } from './call-places.js';
import { GrpcCall } from './grpc-call.js';
import { GrpcError, grpcStatus } from './grpc-error.js';
import type { GrpcCallLimits } from './grpc-limits.js';
import type { GrpcHandler } from './grpc-server.js';
import { answerWithoutGrpc, isGrpc, refuse, statusHeaders } from './grpc-wire.js';
import { readMessages } from './message-reader.js';

/** A message, or its encoded bytes. */
type Answer<Output extends DescMessage> = MessageInitShape<Output> | Uint8Array;

type Unary<Input extends DescMessage, Output extends DescMessage> = (
  request: MessageShape<Input>,
  signal: AbortSignal,
) => Promise<Answer<Output>>;

type ServerStreaming<Input extends DescMessage, Output extends DescMessage> = (
  request: MessageShape<Input>,
  signal: AbortSignal,
) => AsyncIterable<Answer<Output>>;

type MethodOf<Method> = Method extends {
  readonly methodKind: infer Kind;
  readonly input: infer Input extends DescMessage;
  readonly output: infer Output extends DescMessage;
}
  ? Kind extends 'unary'
    ? Unary<Input, Output>
    : Kind extends 'server_streaming'
      ? ServerStreaming<Input, Output>
      : never
  : never;

/** The handlers of a service. A method without one gets UNIMPLEMENTED. */
export type Implementation<Service extends DescService> = {
  readonly [Name in keyof Service['method']]?: MethodOf<Service['method'][Name]>;
};

/**
 * Decides whether a client may make a call, before its request is read. It throws what the client gets.
 *
 * @param headers of the call, with its metadata
 * @param address the IP address of the client
 */
export type CallCheck = (headers: IncomingHttpHeaders, address: string) => void;

/** Finds the handler of each call and turns what it returns or throws into a response. */
export class GrpcRouter {
  private readonly handlers = new Map<string, GrpcHandler>();
  private readonly known: DescService[] = [];
  private readonly places: CallPlaces;

  /**
   * @param errorOf returns the error for the client, and logs an error of the server
   * @param observe follows the calls of methods that were added with `add`
   */
  constructor(
    private readonly errorOf: (failure: unknown) => GrpcError,
    private readonly unsent: UnsentAnswers,
    private readonly limits: GrpcCallLimits,
    private readonly observe?: CallObserver,
  ) {
    this.places = new CallPlaces(limits);
  }

  /** In the order in which they were added. */
  get services(): readonly DescService[] {
    return this.known;
  }

  /** @param admit checks each call; by default every client may call */
  add<Service extends DescService>(
    service: Service,
    implementation: Implementation<Service>,
    admit: CallCheck = () => undefined,
  ): void {
    this.known.push(service);
    for (const method of service.methods) {
      const implemented = (implementation as Readonly<Record<string, unknown>>)[method.localName];
      if (implemented === undefined) continue;
      const answer = answersOf(method, implemented);
      this.handlers.set(pathOf(method), (stream, headers) =>
        this.answerObserved(method, stream, headers, answer, admit),
      );
    }
  }

  /** Adds a method that reads its call itself. */
  addRaw(method: DescMethod, handler: GrpcHandler): void {
    this.known.push(method.parent);
    this.handlers.set(pathOf(method), handler);
  }

  readonly handle: GrpcHandler = async (stream, headers) => {
    if (!isGrpc(headers)) {
      answerWithoutGrpc(stream);
      return;
    }
    const path = String(headers[constants.HTTP2_HEADER_PATH]);
    const handler = this.handlers.get(path);
    if (handler === undefined) {
      refuse(stream, statusHeaders(grpcStatus.UNIMPLEMENTED, `there is no method ${path.slice(0, 200)}`));
      return;
    }
    await handler(stream, headers);
  };

  private async answerObserved(
    method: DescMethod,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    answersOf: Answers,
    admit: CallCheck,
  ): Promise<void> {
    const observed = this.observe?.(method, headers);
    if (observed === undefined) await this.answer(stream, headers, answersOf, admit);
    else observed.end(await observed.run(() => this.answer(stream, headers, answersOf, admit)));
  }

  /** Never rejects. @returns the error that the client got */
  private async answer(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    answersOf: Answers,
    admit: CallCheck,
  ): Promise<GrpcError | undefined> {
    stream.on('error', () => undefined);
    let call: GrpcCall | undefined;
    try {
      admit(headers, stream.session?.socket.remoteAddress ?? 'unknown');
      const begun = (call = new GrpcCall(stream, headers, this.places, this.unsent, this.limits.answerStallMs));
      const messages = readMessages(stream, headers, call.signal, this.limits);
      for await (const message of answersOf(messages, call.signal, () => begun.received())) await call.send(message);
      call.signal.throwIfAborted();
      call.end();
      return undefined;
    } catch (failure) {
      const error = this.errorFor(failure, call?.signal);
      if (call === undefined) refuse(stream, statusHeaders(error.status, error.message));
      else call.fail(error);
      return error;
    }
  }

  /** If the client ended the call, that is its result, whatever else failed as a consequence. */
  private errorFor(failure: unknown, signal: AbortSignal | undefined): GrpcError {
    if (signal?.aborted === true && signal.reason instanceof GrpcError) return signal.reason;
    return failure instanceof GrpcError ? failure : this.errorOf(failure);
  }
}

/** Yields the encoded messages of a response, whatever kind the method has. */
type Answers = (
  messages: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  onReceived: () => void,
) => AsyncIterable<Uint8Array>;

function answersOf(method: DescMethod, implemented: unknown): Answers {
  switch (method.methodKind) {
    case 'unary':
      return async function* (messages, signal, onReceived) {
        const unary = implemented as Unary<DescMessage, DescMessage>;
        const request = await onlyOne(method.input, messages);
        onReceived();
        yield encode(method.output, await unary(request, signal));
      };
    case 'server_streaming':
      return async function* (messages, signal, onReceived) {
        const streaming = implemented as ServerStreaming<DescMessage, DescMessage>;
        const request = await onlyOne(method.input, messages);
        onReceived();
        for await (const answer of streaming(request, signal)) {
          yield encode(method.output, answer);
        }
      };
    default:
      throw new Error(`${pathOf(method)} has a stream of requests, which the router does not support`);
  }
}

async function onlyOne(schema: DescMessage, messages: AsyncIterable<Uint8Array>): Promise<MessageShape<DescMessage>> {
  let only: Uint8Array | undefined;
  for await (const message of messages) {
    if (only !== undefined)
      throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'A request must be one message, got several');
    only = message;
  }
  if (only === undefined) throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'A request must be one message, got none');
  return decode(schema, only);
}

function decode(schema: DescMessage, message: Uint8Array): MessageShape<DescMessage> {
  try {
    return fromBinary(schema, message);
  } catch (cause) {
    throw new GrpcError(grpcStatus.INVALID_ARGUMENT, `The message is not a ${schema.typeName}`, { cause });
  }
}

function encode(schema: DescMessage, answer: Answer<DescMessage>): Uint8Array {
  return answer instanceof Uint8Array ? answer : toBinary(schema, create(schema, answer));
}

function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}
