import { Controller, Get } from '@nestjs/common';
import { ApiInternalServerErrorResponse, ApiOkResponse } from '@nestjs/swagger';
import { type Character, CharacterSource } from './character-source.js';

/** The HTTP side of every character service. */
@Controller()
export class CharacterController {
  constructor(private readonly source: CharacterSource) {}

  /** Returns one character, or 500 if a fault fails the request. */
  @Get()
  @ApiOkResponse({
    description: 'A random character',
    schema: {
      type: 'object',
      required: ['char'],
      properties: { char: { type: 'string', minLength: 1, maxLength: 1 } },
    },
  })
  @ApiInternalServerErrorResponse({ description: 'A fault struck: problem details (RFC 9457) with the trace id' })
  character(): Promise<Character> {
    return this.source.next();
  }
}
