/** The encoding of a request's body, and of its response. */
export type Encoding = 'protobuf' | 'json';
