/** How a request's body and its answer are written. */
export type Encoding = 'protobuf' | 'json';
