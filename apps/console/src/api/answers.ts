/* What the API takes and answers: types alone. The schemas that they are made of stay where they validate. */
export type * from '@spandrel/console-api';
