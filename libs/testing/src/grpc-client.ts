export { GrpcClient } from '../../../stack/grpc-client.ts';
