import { Controller, Get, Inject, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ApiExcludeController } from '@nestjs/swagger';
import { Draining } from './draining.js';
import { Problem } from './problem.js';

/** Resolves when the service can do its work; rejects with why it can't. */
export type ReadinessCheck = () => Promise<void>;

/**
 * A module that needs something before its service is ready provides a `ReadinessCheck` under
 * this token. Without one, a service is ready as soon as it listens.
 */
export const READINESS_CHECK = Symbol('READINESS_CHECK');

const notReady = { code: 'not-ready', status: 503, title: 'The service is not ready' } as const;

/** The probes of Kubernetes and of the embedded stack. */
@ApiExcludeController()
@Controller()
export class HealthController implements OnModuleInit {
  private checks: readonly ReadinessCheck[] = [];

  constructor(
    private readonly moduleRef: ModuleRef,
    @Inject(Draining) private readonly draining: Draining,
  ) {}

  onModuleInit(): void {
    try {
      this.checks = this.moduleRef.get<ReadinessCheck>(READINESS_CHECK, { strict: false, each: true });
    } catch {
      this.checks = [];
    }
  }

  /** The process runs and its event loop turns. */
  @Get('livez')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  /** What the service needs is there, and it will not end in a moment: 200, or 503 with the reason. */
  @Get('readyz')
  async ready(): Promise<{ readonly status: 'ok' }> {
    if (this.draining.hasBegun) throw new Problem(notReady, 'It is about to end.');
    try {
      for (const check of this.checks) await check();
    } catch (cause) {
      throw new Problem(notReady, cause instanceof Error ? cause.message : String(cause), { cause });
    }
    return { status: 'ok' };
  }
}
