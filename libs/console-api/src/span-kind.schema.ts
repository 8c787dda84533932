import { z } from 'zod';

/** The kind of a span, spelled as in the public views. */
export const spanKind = z.enum(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']);

/** The status of a span, spelled as in the public views. */
export const spanStatus = z.enum(['unset', 'ok', 'error']);
