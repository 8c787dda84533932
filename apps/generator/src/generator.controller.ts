import { Controller, Get } from '@nestjs/common';
import { ApiInternalServerErrorResponse, ApiOkResponse } from '@nestjs/swagger';
import { GeneratorService } from './generator.service.js';

@Controller()
export class GeneratorController {
  constructor(private readonly generator: GeneratorService) {}

  /** Returns a password, or 500 when a character service fails. */
  @Get()
  @ApiOkResponse({
    description: 'A random password',
    schema: {
      type: 'object',
      required: ['password'],
      properties: { password: { type: 'string', minLength: 8, maxLength: 25 } },
    },
  })
  @ApiInternalServerErrorResponse({
    description: 'A character service failed: problem details (RFC 9457) with the trace id',
  })
  async password(): Promise<{ readonly password: string }> {
    return { password: await this.generator.generate() };
  }
}
