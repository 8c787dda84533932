import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { type CallOptions, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';

/** A gRPC client for the methods of any service, on the library that other senders use. */
export class GrpcClient {
  readonly client: Client;

  constructor(address: string) {
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': 4 * 1024 * 1024,
    });
  }

  close(): void {
    this.client.close();
  }

  /** @throws ServiceError when the status is not OK */
  unary<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodUnary<Input, Output>,
    request: MessageInitShape<Input>,
    options: CallOptions = {},
  ): Promise<MessageShape<Output>> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: MessageShape<Input>) => Buffer.from(toBinary(method.input, message)),
        (bytes: Buffer) => fromBinary(method.output, new Uint8Array(bytes)),
        create(method.input, request),
        new Metadata(),
        options,
        (error: ServiceError | null, response?: MessageShape<Output>) => {
          if (response === undefined) reject(error ?? new Error('neither error nor response'));
          else resolve(response);
        },
      );
    });
  }

  /** Yields the bytes of each message. Leaving the loop cancels the call. @throws ServiceError after the messages */
  async *bytes<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodServerStreaming<Input, Output>,
    request: MessageInitShape<Input>,
    options: CallOptions = {},
  ): AsyncGenerator<Buffer, void, undefined> {
    const call = this.client.makeServerStreamRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: MessageShape<Input>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => bytes,
      create(method.input, request),
      new Metadata(),
      options,
    );
    try {
      yield* call as AsyncIterable<Buffer>;
    } finally {
      call.cancel();
    }
  }

  /** Collects all messages. @throws ServiceError when the status is not OK */
  async streaming<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethodServerStreaming<Input, Output>,
    request: MessageInitShape<Input>,
    options: CallOptions = {},
  ): Promise<readonly MessageShape<Output>[]> {
    const messages: MessageShape<Output>[] = [];
    for await (const bytes of this.bytes(method, request, options))
      messages.push(fromBinary(method.output, new Uint8Array(bytes)));
    return messages;
  }
}
