import type { SwaggerDocumentOptions } from '@nestjs/swagger';
import { z } from 'zod';

/** Writes the schemas that validate into the OpenAPI document: as of 3.1 they are JSON Schema as it is. */
export const standardSchemaConverter: NonNullable<SwaggerDocumentOptions['standardSchemaConverter']> = (
  schema,
  { schemaType },
) => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const { $schema: _, ...converted } = z.toJSONSchema(schema, { io: schemaType, unrepresentable: 'any' });
  return { schema: converted };
};
