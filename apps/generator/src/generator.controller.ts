import { Controller, Get } from '@nestjs/common';
import { ApiInternalServerErrorResponse, ApiOkResponse } from '@nestjs/swagger';
import { GeneratorService } from './generator.service.js';

@Controller()
export class GeneratorController {
  constructor(private readonly generator: GeneratorService) {}

  /** Returns one password, or 500 if a character service fails. */
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
    description: 'A service gave no character: problem details (RFC 9457) with the trace id',
  })
  async password(): Promise<{ readonly password: string }> {
    return { password: await this.generator.generate() };
  }
}
