import { Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse } from '@nestjs/swagger';
import { type LatestNumbersQuery, latestNumbersQuery, type RandomNumber, randomNumber } from '@spandrel/numbers';
import { z } from 'zod';
import { BackendClient } from './backend.client.js';

@Controller('numbers')
export class NumbersController {
  constructor(private readonly backend: BackendClient) {}

  /** Draws a random number in backend, which stores it. */
  @Post()
  @ApiCreatedResponse({ standardSchema: randomNumber })
  async create(): Promise<RandomNumber> {
    return this.backend.draw();
  }

  /** Returns the latest numbers, newest first. */
  @Get()
  @ApiOkResponse({ standardSchema: z.array(randomNumber) })
  async latest(@Query({ schema: latestNumbersQuery }) { limit }: LatestNumbersQuery): Promise<readonly RandomNumber[]> {
    return this.backend.latest(limit);
  }
}
