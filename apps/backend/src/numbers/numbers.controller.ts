import { Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { type LatestNumbersQuery, latestNumbersQuery, type RandomNumber, randomNumber } from '@spandrel/numbers';
import { z } from 'zod';
import { NumbersService } from './numbers.service.js';
import type { RandomNumberEntity } from './random-number.entity.js';

@Controller('numbers')
export class NumbersController {
  constructor(private readonly numbers: NumbersService) {}

  /** Draws a random number and stores it. */
  @Post()
  @ApiCreatedResponse({ standardSchema: randomNumber })
  async create(): Promise<RandomNumber> {
    return toBody(await this.numbers.draw());
  }

  /** Returns the latest numbers, newest first. */
  @Get()
  @ApiOkResponse({ standardSchema: z.array(randomNumber) })
  async latest(@Query({ schema: latestNumbersQuery }) { limit }: LatestNumbersQuery): Promise<readonly RandomNumber[]> {
    return (await this.numbers.latest(limit)).map(toBody);
  }
}

function toBody({ id, value, createdAt }: RandomNumberEntity): RandomNumber {
  return { id, value, createdAt: createdAt.toISOString() };
}
