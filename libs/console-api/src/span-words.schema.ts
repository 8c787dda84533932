import { z } from 'zod';

/** What a span is to the call that it stands for, in the words of the public views. */
export const spanKind = z.enum(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']);

/** How a span ended, in the words of the public views. */
export const spanStatus = z.enum(['unset', 'ok', 'error']);
