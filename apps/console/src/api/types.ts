/* The types of the API's requests and responses, without the schemas that they are derived from. */
export type * from '@spandrel/console-api';
