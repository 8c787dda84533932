import { Module } from '@nestjs/common';
import { TokenGuard } from './token-guard.js';

/** One guard of the token for all ports, so that a client cannot guess on each of them. */
@Module({ providers: [TokenGuard], exports: [TokenGuard] })
export class AccessModule {}
