import { type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ServerReflection as ServerReflectionV1 } from '../otlp/gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionV1Alpha } from '../otlp/gen/grpc/reflection/v1alpha/reflection_pb.js';
import { grpcStatus } from './grpc-error.js';
import type { GrpcRouter } from './grpc-router.js';

/** Of either version, which differ in their names alone. */
type Question =
  | {
      readonly case: 'listServices' | 'fileByFilename' | 'fileContainingSymbol' | 'allExtensionNumbersOfType';
      readonly value: string;
    }
  | { readonly case: 'fileContainingExtension'; readonly value: { readonly containingType: string } }
  | { readonly case: undefined };

/** Adds gRPC's server reflection, v1 and v1alpha: the protobuf of all services of a router. To be called last. */
export function addReflection(router: GrpcRouter): void {
  let known: Descriptions | undefined;
  const answer = (question: Question): ReturnType<Descriptions['answer']> => {
    known ??= new Descriptions(router);
    return known.answer(question);
  };
  router.add(ServerReflectionV1, {
    serverReflectionInfo: async function* (requests) {
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answer(request.messageRequest) };
      }
    },
  });
  router.add(ServerReflectionV1Alpha, {
    serverReflectionInfo: async function* (requests) {
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answer(request.messageRequest) };
      }
    },
  });
}

class Descriptions {
  private readonly files = new Map<string, DescFile>();
  private readonly fileOf = new Map<string, DescFile>();
  private readonly serviceNames: readonly string[];

  constructor(router: GrpcRouter) {
    this.serviceNames = router.services.map(({ typeName }) => typeName);
    for (const { file } of router.services) this.learn(file);
  }

  answer(question: Question) {
    switch (question.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse' as const,
          value: { service: this.serviceNames.map((name) => ({ name })) },
        };
      case 'fileByFilename':
        return this.fileResponse(this.files.get(question.value), question.value);
      case 'fileContainingSymbol':
        return this.fileResponse(this.fileOf.get(question.value), question.value);
      case 'allExtensionNumbersOfType':
        if (!this.fileOf.has(question.value)) return notFound(question.value);
        return { case: 'allExtensionNumbersResponse' as const, value: { baseTypeName: question.value } };
      case 'fileContainingExtension':
        return notFound(`an extension of ${question.value.containingType}`);
      default:
        return {
          case: 'errorResponse' as const,
          value: { errorCode: grpcStatus.INVALID_ARGUMENT, errorMessage: 'Nothing is asked' },
        };
    }
  }

  /** A file and all that it needs, as whoever has none of them can use none without the others. */
  private fileResponse(file: DescFile | undefined, name: string) {
    if (file === undefined) return notFound(name);
    const needed = new Set<DescFile>();
    const add = (some: DescFile): void => {
      if (needed.has(some)) return;
      needed.add(some);
      some.dependencies.forEach(add);
    };
    add(file);
    return {
      case: 'fileDescriptorResponse' as const,
      value: { fileDescriptorProto: [...needed].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)) },
    };
  }

  private learn(file: DescFile): void {
    if (this.files.has(file.proto.name)) return;
    this.files.set(file.proto.name, file);
    file.dependencies.forEach((dependency) => this.learn(dependency));
    for (const service of file.services) {
      this.fileOf.set(service.typeName, file);
      for (const { name } of service.methods) this.fileOf.set(`${service.typeName}.${name}`, file);
    }
    for (const { typeName } of file.enums) this.fileOf.set(typeName, file);
    file.messages.forEach((message) => this.learnMessage(message, file));
  }

  private learnMessage(message: DescMessage, file: DescFile): void {
    this.fileOf.set(message.typeName, file);
    for (const { name } of message.fields) this.fileOf.set(`${message.typeName}.${name}`, file);
    for (const { typeName } of message.nestedEnums) this.fileOf.set(typeName, file);
    message.nestedMessages.forEach((nested) => this.learnMessage(nested, file));
  }
}

function notFound(name: string) {
  return {
    case: 'errorResponse' as const,
    value: { errorCode: grpcStatus.NOT_FOUND, errorMessage: `${name} is not known` },
  };
}
